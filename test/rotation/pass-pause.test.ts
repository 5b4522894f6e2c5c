import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import type { RotationTools } from '../../src/rotation/rotation-tools.ts';
import { ServiceError } from '../../src/service-error.ts';
import { type RotationWorld, bindingOf, rotationWorld } from './world/rotation-world.ts';

const names = Array.from({ length: 30 }, (_, index) => `secret-${String(index)}`);

/** Thirty secrets due at once, and a vault that takes ten writes in ten seconds; `refused` counts the others. */
function limitedWorld(retryAfterSeconds: number | null) {
  const world = rotationWorld(names.map((name) => bindingOf(name, 'random')));
  const written: number[] = [];
  const seen = { refused: 0 };
  world.gateway.gate = {
    before: (what) => {
      if (!what.startsWith('vault.add')) return;
      const now = world.tools.monotonicMs();
      if (written.filter((at) => now - at < 10_000).length < 10) written.push(now);
      else {
        seen.refused += 1;
        throw new ServiceError('VAULT_THROTTLED', { vault: 'kv', retryAfterSeconds });
      }
    },
    after: () => undefined,
  };
  return { world, seen };
}

/** Workers that wait side by side: time goes on to the nearest end of a wait, as on a machine. */
function waiting(world: RotationWorld): RotationTools {
  return {
    ...world.tools,
    wait: async (milliseconds) => {
      const until = world.tools.monotonicMs() + milliseconds;
      await new Promise(setImmediate);
      world.advance(Math.max(0, until - world.tools.monotonicMs()));
    },
  };
}

const published = (world: RotationWorld) => names.filter((name) => world.vault.held(name).length === 2);

describe('a pass over a vault that limits writes', () => {
  it.each([null, 5])('waits and publishes everything, each once (Retry-After: %j)', async (retryAfterSeconds) => {
    const { world } = limitedWorld(retryAfterSeconds);
    const { counts } = await reconcileRotations(waiting(world));
    expect(published(world)).toEqual(names);
    expect(counts).toMatchObject({ claimed: 30, advanced: 30, published: 30, faults: 0 });
  });

  it('asks for nothing while it waits: each worker is refused once for each ten writes', async () => {
    const { world, seen } = limitedWorld(20);
    await reconcileRotations(waiting(world));
    expect(published(world)).toEqual(names);
    expect(seen.refused).toBeLessThanOrEqual(2 * 8);
  });

  it('leaves to the next pass what has to wait until behind its end', async () => {
    const { world } = limitedWorld(20);
    const begun = world.tools.monotonicMs();
    const { counts } = await reconcileRotations(waiting(world), { deadlineMs: 15_000 });
    expect(world.tools.monotonicMs() - begun).toBeLessThan(15_000);
    expect(counts.waiting).toBeGreaterThan(10);
  });

  it('waits for nothing where no time can pass within it', async () => {
    const { world } = limitedWorld(null);
    await reconcileRotations(world.tools);
    expect(published(world)).toHaveLength(10);
  });
});
