import { describe, expect, it } from 'vitest';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { bindingOf, hourMs, rotationWorld } from '../world/rotation-world.ts';

describe('an old credential that the provider saw used within the grace', () => {
  it.each(['mint', 'two-users', 'two-keys'] as const)(
    'lives on, and ends when it has been quiet: %s',
    async (issuer) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      const old = world.latestValue('app') ?? '';
      await reconcileRotations(world.tools);
      world.advance(2 * hourMs);
      const held = world.providers[issuer].live('app').find(({ value }) => value === old);
      if (held === undefined) throw new Error('It is gone.');
      held.lastUsed = new Date(world.tools.now().getTime() - hourMs / 2);
      await reconcileRotations(world.tools);
      expect(world.providers[issuer].opens('app', old)).toBe(true);
      const [listed] = await listRotations(world.tools);
      expect(listed?.waitsFor.join()).toContain('provider saw it used');
      world.advance(2 * hourMs);
      await reconcileRotations(world.tools);
      expect(world.providers[issuer].opens('app', old)).toBe(false);
    },
  );
});
