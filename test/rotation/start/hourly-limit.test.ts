import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import type { Policy } from '../../../src/secrets/policy.ts';
import { bindingOf, policyOf, rotationWorld, type RotationWorld } from '../world/rotation-world.ts';

const minuteMs = 60_000;

/** How many of these secrets have a value of Keyturn. */
function replaced({ vault }: RotationWorld, names: readonly string[]): number {
  return names.filter((name) => vault.held(name).length > 1).length;
}

function namesOf(count: number, begin = 'app'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${begin}-${String(index)}`);
}

describe('a policy with a limit of rotations an hour', () => {
  it('begins no more than that in any hour, and all in the end', async () => {
    const names = namesOf(5);
    const world = rotationWorld(names.map((name) => bindingOf(name, 'random')));
    world.policy(limited(world, { mostPerHour: 2 }));
    expect(await replacedByHour(world, names, 4)).toEqual([2, 4, 5, 5]);
  });

  it('counts an environment by itself where the limit is of one', async () => {
    const dev = namesOf(3, 'job');
    const prod = namesOf(3, 'site');
    const bind = (environment: string) => (name: string) => bindingOf(name, 'random', { environment });
    const world = rotationWorld([...dev.map(bind('dev')), ...prod.map(bind('prod'))]);
    world.policy(limited(world, { mostPerHourIn: new Map([['prod', 1]]) }));
    expect(await replacedByHour(world, prod, 3)).toEqual([1, 2, 3]);
    expect(replaced(world, dev)).toBe(3);
  });

  function limited({ tools: { policy } }: RotationWorld, limits: Partial<Policy['limits']>): Policy {
    const bound = policyOf(...policy.secrets.values());
    return { ...bound, limits: { ...bound.limits, ...limits } };
  }

  /** At the end of each hour of passes. */
  async function replacedByHour(world: RotationWorld, names: readonly string[], hours: number): Promise<number[]> {
    const counts: number[] = [];
    for (let hour = 0; hour < hours; hour += 1) {
      for (let pass = 0; pass < 6; pass += 1) {
        await reconcileRotations(world.tools);
        world.advance(10 * minuteMs);
      }
      counts.push(replaced(world, names));
    }
    return counts;
  }
});
