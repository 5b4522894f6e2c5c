import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../../src/rotation/approve-rotation.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { personCalled } from '../../provenance/people.ts';
import { far, setByHand, statesOf } from '../world/by-hand.ts';
import { one, passes } from '../world/faulty-world.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

/** From the beginning until twenty days before what a person set expires. */
const untilDueMs = far.getTime() - Date.parse('2026-03-01T00:00:00Z') - 20 * dayMs;

// Found by the search: what others made and replaced is theirs to end, and the first rotation waited for that end.

describe('a value that a person replaced after the first pass and before the first rotation', () => {
  it.each(['single', 'two-users', 'two-keys', 'mint'] as const)(
    'is rotated when it is due: %s',
    { timeout: 30_000 },
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer, { validityMs: 365 * dayMs })]);
      await reconcileRotations(world.tools);
      expect(await statesOf(world)).toEqual([]);
      const provider = world.providers[issuer];
      const value = replaceByHand(world, issuer);
      await passes(world, 3);
      world.advance(untilDueMs);
      await passes(world, 12, hourMs);
      expect(await statesOf(world)).toEqual(['done']);
      const latest = world.latestValue('app') ?? '';
      expect({ isNew: latest !== value, works: provider.opens('app', latest) }).toEqual({ isNew: true, works: true });
    },
  );

  it.each(['single', 'two-users'] as const)(
    'can be agreed to end, where the policy wants a second person, and is rotated then: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer, { validityMs: 365 * dayMs, approval: ['revoke'] })]);
      await reconcileRotations(world.tools);
      const value = replaceByHand(world, issuer);
      await passes(world, 3);
      world.advance(untilDueMs);
      await passes(world, 3, hourMs);
      expect(await statesOf(world)).toEqual(['awaiting-approval']);
      const { rotationId } = await one(world);
      await approveRotation(world.tools, {
        rotationId,
        by: personCalled('ben'),
        breakGlass: false,
        reason: 'replaced',
      });
      await passes(world, 3, hourMs);
      const latest = world.latestValue('app') ?? '';
      const works = world.providers[issuer].opens('app', latest);
      expect({ isNew: latest !== value, works }).toEqual({ isNew: true, works: true });
    },
  );

  it('is tried while its first rotation waits for that word, and a dead one is set again', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users', { validityMs: 365 * dayMs, approval: ['revoke'] })]);
    await reconcileRotations(world.tools);
    const value = replaceByHand(world, 'two-users');
    await passes(world, 3);
    world.advance(untilDueMs);
    await passes(world, 3, hourMs);
    world.providers['two-users'].put('app', { id: 'b', name: 'b', value: 'b:by-somebody-else' });
    await passes(world, 12, hourMs);
    expect(world.latestValue('app')).toBe(value);
    expect(world.providers['two-users'].opens('app', value)).toBe(true);
  });
});

/** A person makes another credential at the provider and sets the secret to it, without our tags. Returns the value. */
function replaceByHand(world: RotationWorld, issuer: 'single' | 'two-users' | 'two-keys' | 'mint'): string {
  const slot = { single: 'only', 'two-users': 'b', 'two-keys': 'key2', mint: 'by-hand' }[issuer];
  const value = { single: 'only:mine', 'two-users': 'b:mine', 'two-keys': 'key-mine', mint: 'mine' }[issuer];
  world.providers[issuer].put('app', { id: slot, name: slot, value });
  setByHand(world, 'app', value);
  return value;
}
