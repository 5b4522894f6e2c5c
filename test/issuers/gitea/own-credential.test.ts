import { describe, expect, it } from 'vitest';
import { createClock } from '../../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../../embedded/gitea/start-embedded-gitea.ts';
import { type GiteaClient, giteaClient } from '../../../src/gitea/gitea-client.ts';
import { jsonProperties } from '../../../src/gitea/json-properties.ts';
import { giteaTokenIssuer } from '../../../src/issuers/gitea/gitea-token-issuer.ts';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { drive } from '../../rotation/world/by-hand.ts';
import { dayMs, hourMs, policyOf, rotationWorld } from '../../rotation/world/rotation-world.ts';
import { bindingOf } from '../binding.ts';
import { giteaWorld } from '../gitea-world.ts';
import { requestOf } from '../issue-request.ts';

describe('the rotator’s own Gitea token', () => {
  it('rotates itself: the old one works until a fresh session has verified the new one, which then deletes it', async () => {
    // The provider's clock stops with the test's, so that a last use is never in the future.
    const outside = rotationWorld([]);
    const clock = createClock(outside.tools.now());
    clock.stand();
    const gitea = await startEmbeddedGitea({ clock });
    gitea.addUser({ name: 'bot', password: 'never-used-by-keyturn' });
    const scopes = ['write:user'];
    const first = gitea.seedToken('bot', 'the first one', scopes);
    const latest = () => Promise.resolve(new SecretValue(outside.latestValue('gitea-bot') ?? ''));
    // As in production, the token replaces the password, and the newest version is read before each request.
    const authentication = async () => ({ kind: 'basic', user: 'bot', password: await latest() }) as const;
    const client = giteaClient({ url: gitea.url, authentication });
    const issuer = giteaTokenIssuer({ gitea: client });
    const binding = {
      ...bindingOf('gitea-token', { user: 'bot', scopes }, 'gitea-bot'),
      vault: 'kv',
      graceMs: hourMs,
      consumersLifetimeMs: 0,
    };
    const tools = { ...outside.tools, policy: policyOf(binding), issuers: new Map([[issuer.name, issuer]]) };
    outside.vault.put({
      name: 'gitea-bot',
      value: new SecretValue(first),
      created: new Date(tools.now().getTime() - dayMs),
      expires: new Date(tools.now().getTime() + dayMs),
    });

    const values = [first];
    for (let round = 0; round < 3; round += 1) {
      const { rotation } = await drive(tools, { name: 'gitea-bot' });
      expect((await listRotations(tools))[0]).toMatchObject({ state: 'grace' });
      values.push(outside.latestValue('gitea-bot') ?? '');
      expect(await names()).toContain(`keyturn.gitea-bot.${rotation?.claim.rotationId ?? ''}.1`);
      for (const milliseconds of [2 * hourMs, 80 * dayMs]) {
        outside.advance(milliseconds);
        clock.advance(milliseconds);
        if (milliseconds === 2 * hourMs) await drive(tools, { name: 'gitea-bot' });
      }
    }
    // Tokens created by hand stay; of Keyturn's own only the newest is left.
    expect(await names()).toEqual(['the first one', expect.stringMatching(/^keyturn\.gitea-bot\.[a-z2-7]{16}\.1$/)]);
    expect(new Set(values).size).toBe(4);
    await gitea.stop();

    async function names(): Promise<unknown[]> {
      const { body } = await client.request('GET', '/api/v1/users/bot/tokens');
      return (body as unknown[]).map((token) => jsonProperties(token).get('name'));
    }
  });

  it('is published only after a fresh session with it has seen what the service sees', async () => {
    const world = await giteaWorld();
    const binding = bindingOf('gitea-token', { user: 'bot', scopes: ['write:user'] }, 'own');
    const request = requestOf(binding);
    const ownToken = { vault: binding.vault, name: 'own', version: null };
    const issuer = giteaTokenIssuer({ gitea: world.client, ownToken });
    const credential = await issuer.issue(request, null);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works' });
    // A Gitea that accepts the token, but not as a password.
    const refusing: GiteaClient = {
      ...world.client,
      request: async (method, path, options) =>
        options?.authentication?.kind === 'basic'
          ? { status: 403, body: null, headers: new Headers() }
          : await world.client.request(method, path, options),
    };
    const other = giteaTokenIssuer({ gitea: refusing, ownToken });
    expect(await other.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
    expect(await giteaTokenIssuer({ gitea: refusing }).verify(request, credential)).toMatchObject({ outcome: 'works' });
    await world.stop();
  });

  it('is not rotated to one that could not revoke the old one, nor if the settings pin a version', async () => {
    const world = await giteaWorld();
    const binding = bindingOf('gitea-token', { user: 'bot', scopes: ['read:user'] }, 'own');
    const faultsOf = (version: string | null, scopes: readonly string[]) =>
      giteaTokenIssuer({ gitea: world.client, ownToken: { vault: binding.vault, name: 'own', version } })
        .check({ ...binding, target: { user: 'bot', scopes } })
        .map(({ place }) => place);
    expect(faultsOf(null, ['read:user'])).toEqual(['target.scopes']);
    expect(faultsOf('0'.repeat(32), ['write:user'])).toEqual(['issuer']);
    expect(faultsOf(null, ['all'])).toEqual([]);
    expect(giteaTokenIssuer({ gitea: world.client }).check(binding)).toEqual([]);
    await world.stop();
  });
});
