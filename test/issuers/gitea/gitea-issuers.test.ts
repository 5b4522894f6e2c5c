import { describe, expect, it } from 'vitest';
import { jsonProperties } from '../../../src/gitea/json-properties.ts';
import { giteaTokenIssuer } from '../../../src/issuers/gitea/gitea-token-issuer.ts';
import { giteaUserPasswordIssuer } from '../../../src/issuers/gitea/gitea-user-password-issuer.ts';
import { randomBytes } from 'node:crypto';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import { bindingOf } from '../binding.ts';
import { giteaWorld } from '../gitea-world.ts';

const tokenTarget = { user: 'bot', scopes: ['read:repository', 'read:user'] };

credentialIssuerContract('gitea-token', async () => {
  const world = await giteaWorld();
  await world.seedToken('bot', 'made by hand', ['read:user']);
  const current = new SecretValue(await world.seedToken('bot', 'the first one', tokenTarget.scopes));
  return {
    issuer: giteaTokenIssuer({ gitea: world.client }),
    binding: bindingOf('gitea-token', tokenTarget),
    wrongTargets: [
      { ...tokenTarget, scopes: [] },
      { user: 'bot' },
      { ...tokenTarget, user: '../admin' },
      { ...tokenTarget, scopes: ['sudo'] },
      { ...tokenTarget, scope: 'all' },
    ],
    current,
    currentCredentialId: String(await tokenId(world.direct, 'the first one')),
    opens: async (value) => {
      const authentication = { kind: 'token', value } as const;
      return (await world.direct.request('GET', '/api/v1/user', { authentication, statuses: [401] })).status === 200;
    },
    calls: world.proxy.calls,
    loseNextAnswer: world.proxy.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: () => tokenId(world.direct, 'made by hand'),
    stop: world.stop,
  };
});

credentialIssuerContract('gitea-user-password', async () => {
  const world = await giteaWorld();
  const opens = async (user: string, password: SecretValue) => {
    const authentication = { kind: 'basic', user, password } as const;
    return (await world.direct.request('GET', '/api/v1/user', { authentication, statuses: [401] })).status === 200;
  };
  return {
    issuer: giteaUserPasswordIssuer({ gitea: world.client, randomBytes }),
    binding: bindingOf('gitea-user-password', { user: 'deployer' }),
    wrongTargets: [{}, { user: 'a/b' }, { user: 'deployer', length: 8 }],
    current: new SecretValue('deployer-password-1234'),
    currentCredentialId: 'deployer',
    opens: (value) => opens('deployer', value),
    calls: world.proxy.calls,
    loseNextAnswer: world.proxy.loseNextAnswer,
    oldEnds: 'at-issue',
    traceable: false,
    foreign: () => opens('bot', world.password),
    stop: world.stop,
  };
});

describe('an access token', () => {
  it('is refused if it belongs to another user', async () => {
    const { issuer, world, request } = await tokens();
    const foreign = new SecretValue(await world.seedToken('deployer', 'x', tokenTarget.scopes));
    expect(await issuer.verify(request, { credentialId: '1', value: foreign })).toMatchObject({
      outcome: 'refused',
      authenticated: true,
      reason: 'the token belongs to another user',
    });
    await world.stop();
  });

  it("is refused if its scopes differ from the target's", async () => {
    const { issuer, world, request } = await tokens();
    for (const scopes of [['read:user'], ['read:repository', 'read:user', 'write:admin']]) {
      const name = scopes.join('+');
      const value = new SecretValue(await world.seedToken('bot', name, scopes));
      const credentialId = String(await tokenId(world.direct, name));
      expect(await issuer.verify(request, { credentialId, value })).toMatchObject({
        outcome: 'refused',
        authenticated: true,
        reason: "its scopes differ from the target's",
      });
    }
    await world.stop();
  });

  it('is refused if its id is another token’s', async () => {
    const { issuer, world, request } = await tokens();
    const value = new SecretValue(await world.seedToken('bot', 'one', tokenTarget.scopes));
    await world.seedToken('bot', 'two', tokenTarget.scopes);
    const credentialId = String(await tokenId(world.direct, 'two'));
    expect(await issuer.verify(request, { credentialId, value })).toMatchObject({
      outcome: 'refused',
      reason: 'another token has this id',
    });
    await world.stop();
  });

  it('works without the scope to read its own user', async () => {
    const { issuer, world } = await tokens();
    const request = { ...requestFor({ user: 'bot', scopes: ['read:repository'] }) };
    const credential = await issuer.issue(request, null);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'works', principal: 'bot' });
    await issuer.revoke(request, credential.credentialId);
    expect(await issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: false });
    await world.stop();
  });

  it('is not created for an unknown user', async () => {
    const { issuer, world } = await tokens();
    await expect(issuer.issue(requestFor({ ...tokenTarget, user: 'nobody' }), null)).rejects.toMatchObject({
      code: 'GITEA_NOT_FOUND',
    });
    await world.stop();
  });

  it('is found on the second page of a hundred', async () => {
    const { issuer, world, request } = await tokens();
    for (let number = 0; number < 100; number += 1) await world.seedToken('bot', `t${String(number)}`, ['read:user']);
    const { credentialId } = await issuer.issue(request, null);
    expect(await issuer.describe(request)).toMatchObject({ outcome: 'present', credentialId });
    await world.stop();
  });

  async function tokens() {
    const world = await giteaWorld();
    return { world, issuer: giteaTokenIssuer({ gitea: world.client }), request: requestFor(tokenTarget) };
  }
});

function requestFor(target: { user: string; scopes: readonly string[] }) {
  return {
    binding: bindingOf('gitea-token', target),
    rotationId: contractRotation,
    current: null,
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now: new Date('2026-03-01T00:00:00Z'),
  };
}

async function tokenId(client: Awaited<ReturnType<typeof giteaWorld>>['direct'], wanted: string): Promise<unknown> {
  for await (const page of client.pages('/api/v1/users/bot/tokens')) {
    const found = page.map(jsonProperties).find((token) => token.get('name') === wanted);
    if (found !== undefined) return found.get('id');
  }
  return null;
}
