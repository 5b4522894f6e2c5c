import { describe, expect, it } from 'vitest';
import { giteaActionsSecretPlace } from '../../../src/issuers/gitea/gitea-actions-secret-place.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { giteaWorld } from '../gitea-world.ts';

describe('an Actions secret as a further place', () => {
  it('is created and overwritten, without changing others', async () => {
    const world = await giteaWorld();
    const place = giteaActionsSecretPlace({ gitea: world.client });
    const target = { kind: 'gitea-actions-secret', repository: 'acme/shop', name: 'REGISTRY_TOKEN' };
    const signal = AbortSignal.timeout(120_000);
    await place.publish(target, new SecretValue('one'), signal);
    await place.publish(target, new SecretValue('two'), signal);
    const { body } = await world.direct.request('GET', '/api/v1/repos/acme/shop/actions/secrets');
    expect(body).toMatchObject([{ name: 'REGISTRY_TOKEN' }]);
    await world.stop();
  });

  it('names the place of each fault, and sends nothing', async () => {
    const world = await giteaWorld();
    const place = giteaActionsSecretPlace({ gitea: world.client });
    const right = { kind: 'gitea-actions-secret', repository: 'acme/shop', name: 'TOKEN' };
    for (const wrong of [
      { name: 'GITEA_TOKEN' },
      { name: 'a b' },
      { organisation: 'acme' },
      { extra: 1 },
      { repository: 'x' },
    ]) {
      const target = { ...right, ...wrong };
      expect(place.check(target), JSON.stringify(wrong)).toHaveLength(1);
      await expect(place.publish(target, new SecretValue('x'), AbortSignal.timeout(120_000))).rejects.toMatchObject({
        code: 'ISSUER_TARGET_REFUSED',
      });
    }
    expect(place.check(right)).toEqual([]);
    expect(world.proxy.calls()).toBe(0);
    await world.stop();
  });

  it('refuses a value that Gitea would refuse', async () => {
    const world = await giteaWorld();
    const place = giteaActionsSecretPlace({ gitea: world.client });
    const target = { kind: 'gitea-actions-secret', repository: 'acme/shop', name: 'TOKEN' };
    const long = new SecretValue('x'.repeat(65_537));
    await expect(place.publish(target, long, AbortSignal.timeout(120_000))).rejects.toMatchObject({
      code: 'GITEA_REQUEST_REFUSED',
    });
    await world.stop();
  });
});
