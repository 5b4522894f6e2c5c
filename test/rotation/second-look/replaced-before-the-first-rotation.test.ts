import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { far, setByHand, statesOf } from '../world/by-hand.ts';
import { passes } from '../world/faulty-world.ts';
import { bindingOf, dayMs, hourMs, rotationWorld } from '../world/rotation-world.ts';

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
      const slot = { single: 'only', 'two-users': 'b', 'two-keys': 'key2', mint: 'by-hand' }[issuer];
      const value = { single: 'only:mine', 'two-users': 'b:mine', 'two-keys': 'key-mine', mint: 'mine' }[issuer];
      provider.put('app', { id: slot, name: slot, value });
      setByHand(world, 'app', value);
      await passes(world, 3);
      world.advance(far.getTime() - Date.parse('2026-03-01T00:00:00Z') - 20 * dayMs);
      await passes(world, 12, hourMs);
      expect(await statesOf(world)).toEqual(['done']);
      const latest = world.latestValue('app') ?? '';
      expect({ isNew: latest !== value, works: provider.opens('app', latest) }).toEqual({ isNew: true, works: true });
    },
  );
});
