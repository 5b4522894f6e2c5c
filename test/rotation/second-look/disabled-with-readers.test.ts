import { describe, expect, it } from 'vitest';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { setAgain } from '../world/by-hand.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

const issuers = ['mint', 'two-users', 'two-keys'] as const;

/** The machine, told by the audit that one job read a version and runs until it is ended. */
function withJobOf(world: RotationWorld, version: string) {
  let running = ['job-4711'];
  const tools = {
    ...world.tools,
    readers: {
      readersOf: (asked: { readonly version: string }) =>
        Promise.resolve({
          watermark: world.tools.now(),
          gaps: [],
          reads: [],
          running: asked.version === version ? running : [],
        }),
    },
  };
  return { tools, endJob: () => void (running = []) };
}

describe('a version that a job read, that somebody set again as another version, and that is disabled since', () => {
  it.each(issuers.flatMap((issuer) => (['before', 'after'] as const).map((when) => [issuer, when] as const)))(
    'keeps its credential alive until that job has ended: %s, disabled %s the rotation',
    async (issuer, when) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      const old = world.latestValue('app') ?? '';
      const first = world.vault.held('app').at(0)?.version ?? '';
      setAgain(world, 'app', 0, new Date(world.tools.now().getTime() + 10 * dayMs));
      const disable = () => world.vault.disable('app', first);
      const { tools, endJob } = withJobOf(world, first);
      if (when === 'before') disable();
      await reconcileRotations(tools);
      world.advance(2 * hourMs);
      await reconcileRotations(tools);
      if (when === 'after') disable();
      expect(world.latestValue('app')).not.toBe(old);
      for (let pass = 0; pass < 4; pass += 1) {
        world.advance(2 * hourMs);
        await reconcileRotations(tools);
      }
      expect(world.providers[issuer].opens('app', old)).toBe(true);
      endJob();
      for (let pass = 0; pass < 4; pass += 1) {
        world.advance(2 * hourMs);
        await reconcileRotations(tools);
      }
      const [rotation] = await listRotations(tools);
      // Nobody could see before it was disabled whose credential it held: two keys are told apart by the provider alone.
      const isShown = when === 'after' || issuer === 'two-keys';
      expect(rotation?.oldValue === 'dead').toBe(isShown);
      expect(world.providers[issuer].opens('app', old)).toBe(!isShown);
      expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
    },
  );
});
