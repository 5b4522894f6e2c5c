import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import type { RotationTools } from '../../src/rotation/rotation-tools.ts';
import type { SecretBinding } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { memoryVault } from './world/memory-secret-store.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, dayMs, policyOf, rotationWorld } from './world/rotation-world.ts';

const pair = { group: 'pair' };

describe('a group in which one secret is due and the other must not be rotated', () => {
  it.each([
    ['off', 'forbidden'],
    ['offf', 'SECRET_TAG_MALFORMED'],
  ])('is held by the tag rotation "%s", whichever of both an event names', async (word, reason) => {
    const world = rotationWorld([bindingOf('a', 'random', pair), bindingOf('b', 'random', pair)]);
    const created = new Date(world.tools.now().getTime() - 80 * dayMs);
    world.vault.put({ name: 'b', value: new SecretValue('kept'), created, tags: { rotation: word } });
    for (const name of ['a', 'b'])
      expect(await handleVaultEvent(world.tools, nearExpiry(world.vault, name))).toMatchObject({
        outcome: 'not-due',
        reason,
      });
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan).toContain('kv/a: is due, and held by another secret of its group.');
    expect(await reconcileRotations(world.tools)).toMatchObject({ counts: { due: 0, claimed: 0 } });
    expect([world.latestValue('a'), world.latestValue('b')]).toEqual(['value-of-old-a', 'kept']);
  });

  it('is measured by each vault’s own binding where both secrets have the same name', async () => {
    const young = { ...pair, vault: 'kv2', minimumAgeMs: 85 * dayMs };
    const { tools } = twoVaults([bindingOf('app', 'random', pair), bindingOf('app', 'random', young)]);
    const { plan } = await reconcileRotations(tools, { plan: true });
    expect(plan).toEqual([
      'kv/app: is due, and held by another secret of its group.',
      'kv2/app: is due, and too young before 2026-03-06T00:00:00.000Z.',
    ]);
    expect(await reconcileRotations(tools)).toMatchObject({ counts: { due: 0, claimed: 0 }, faults: [] });
  });

  it('is rotated when neither holds the other, and a missing one holds it', async () => {
    const both = [bindingOf('app', 'random', pair), bindingOf('app', 'random', { ...pair, vault: 'kv2' })];
    const { tools, second } = twoVaults(both);
    second.remove('app');
    expect((await reconcileRotations(tools, { plan: true })).plan).toEqual([
      'kv/app: is due, and held by another secret of its group.',
      'kv2/app: is bound, and the vault has no such secret.',
    ]);
    expect(await reconcileRotations(tools)).toMatchObject({ counts: { claimed: 0 } });
    second.recover('app');
    expect(await reconcileRotations(tools)).toMatchObject({ counts: { due: 1, claimed: 1, published: 1 }, faults: [] });
    expect(second.held('app')).toHaveLength(2);
  });

  /** Two vaults, each with a secret that was set eighty days ago and ends in ten. */
  function twoVaults(bindings: readonly SecretBinding[]) {
    const world = rotationWorld(bindings.slice(0, 1));
    const second = memoryVault('kv2', () => world.tools.now());
    const created = new Date(world.tools.now().getTime() - 80 * dayMs);
    const expires = new Date(created.getTime() + 90 * dayMs);
    second.put({ name: 'app', value: new SecretValue('value-of-old-app'), created, expires });
    const vaults = [
      ...world.tools.vaults,
      { name: 'kv2', url: 'https://kv2.vault.azure.net', resourceId: null },
    ] as const;
    const stores = new Map([...world.tools.stores, ['kv2', second] as const]);
    const tools: RotationTools = { ...world.tools, vaults, stores, policy: policyOf(...bindings) };
    return { tools, second };
  }
});
