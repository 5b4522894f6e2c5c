import { describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { jsonProperties } from '../../src/gitea/json-properties.ts';
import { giteaTokenIssuer } from '../../src/issuers/gitea-token-issuer.ts';
import { advanceRotation } from '../../src/rotation/advance-rotation.ts';
import { claimRotation } from '../../src/rotation/claim-rotation.ts';
import { unitOf } from '../../src/rotation/rotation-unit.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { dayMs, hourMs, policyOf, rotationWorld } from '../rotation/world/rotation-world.ts';
import { bindingOf } from './binding.ts';

describe('the rotator’s own Gitea token', () => {
  it('rotates itself: the old one works until a fresh session has shown the new one, and is deleted by the new one', async () => {
    // The provider's clock stands with ours, so that a last use is never ahead of us.
    const outside = rotationWorld([]);
    const clock = createClock(outside.tools.now());
    clock.stand();
    const gitea = await startEmbeddedGitea({ clock });
    gitea.addUser({ name: 'bot', password: 'never-used-by-keyturn' });
    const scopes = ['write:user'];
    const first = gitea.seedToken('bot', 'the first one', scopes);
    const latest = () => Promise.resolve(new SecretValue(outside.latestValue('gitea-bot') ?? ''));
    // As in production: the token stands in the password's place, and the newest version is asked for before each request.
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
      expires: new Date(tools.now().getTime() + dayMs),
    });

    const values = [first];
    for (let round = 0; round < 3; round += 1) {
      const unit = unitOf(tools.policy, { vault: 'kv', name: 'gitea-bot' });
      if (unit === null) throw new Error('not bound');
      const claimed = await claimRotation(tools, unit, {
        trigger: 'event',
        reason: null,
        askedBy: null,
        emergency: false,
      });
      if (claimed.outcome !== 'claimed') throw new Error('not claimed');
      expect(await advanceRotation(tools, claimed.rotationId)).toMatchObject({ rotation: { state: 'grace' } });
      values.push(outside.latestValue('gitea-bot') ?? '');
      expect(await names()).toContain(`keyturn.gitea-bot.${claimed.rotationId}.1`);
      for (const milliseconds of [2 * hourMs, 80 * dayMs]) {
        outside.advance(milliseconds);
        clock.advance(milliseconds);
        await advanceRotation(tools, claimed.rotationId);
      }
    }
    // What was made by hand is not ours to delete; of ours the newest alone is left.
    expect(await names()).toEqual(['the first one', expect.stringMatching(/^keyturn\.gitea-bot\.[a-z2-7]{16}\.1$/)]);
    expect(new Set(values).size).toBe(4);
    await gitea.stop();

    async function names(): Promise<unknown[]> {
      const { body } = await client.request('GET', '/api/v1/users/bot/tokens');
      return (body as unknown[]).map((token) => jsonProperties(token).get('name'));
    }
  });
});
