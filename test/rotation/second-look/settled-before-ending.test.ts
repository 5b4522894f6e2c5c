import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { openGate } from '../world/gate.ts';
import { by, far, reason, rollBackNewest, setAgain, setByHand, statesOf } from '../world/by-hand.ts';
import { failing, lostPut, passes, unclear } from '../world/faulty-world.ts';
import { bindingOf, hourMs, policyOf, rotationWorld } from '../world/rotation-world.ts';

describe('a roll-back that cannot be published yet', () => {
  it('leaves the key alone that is served until then, though something else is to end', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    await reconcileRotations(world.tools);
    const served = world.latestValue('app') ?? '';
    // Somebody mistakes the secret for another one, and mends it.
    setByHand(world, 'app', 'not a key of this account');
    await reconcileRotations(world.tools);
    setAgain(world, 'app', -2, far);
    await reconcileRotations(world.tools);
    failing(world, 'vault.add app', 1_000, lostPut, 'before');
    await expect(rollBackNewest(world)).rejects.toThrow();
    await passes(world, 30);
    expect(world.latestValue('app')).toBe(served);
    expect(world.providers['two-keys'].opens('app', served)).toBe(true);
    world.gateway.gate = openGate;
    await passes(world, 6, 4 * hourMs);
    expect(world.latestValue('app')).toBe('key-old-app');
    expect(world.providers['two-keys'].opens('app', 'key-old-app')).toBe(true);
  });
});

describe('a secret that does not exist yet', () => {
  const issuers = ['mint', 'two-users', 'single', 'random'] as const;

  it.each(issuers)('gets its first value from its issuer, which works: %s', async (issuer) => {
    const world = rotationWorld([]);
    world.policy(policyOf(bindingOf('new', issuer, { target: { account: 'new' } })));
    await requestRotation(world.tools, { secret: 'kv/new', by, reason, emergency: false, create: true });
    await passes(world, 6);
    expect(await statesOf(world)).toEqual(['done']);
    expect(world.providers[issuer].opens('new', world.latestValue('new') ?? '')).toBe(true);
  });

  it('gets it though the answer to the first try was lost, and the lost token ends', async () => {
    const world = rotationWorld([]);
    world.policy(policyOf(bindingOf('new', 'mint')));
    failing(world, 'provider.issue', 1, unclear, 'after');
    await requestRotation(world.tools, { secret: 'kv/new', by, reason, emergency: false, create: true });
    await passes(world, 12);
    expect(await statesOf(world)).toEqual(['done']);
    expect(world.providers.mint.live('new').map(({ value }) => value)).toEqual([world.latestValue('new')]);
  });
});
