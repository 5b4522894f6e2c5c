import { describe, expect, it } from 'vitest';
import { type FinishedTarget, finishedTargets, forgetTarget } from '../../src/rotation/journal/finished-targets.ts';
import { readIndex } from '../../src/rotation/journal/target-index.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { retireSecret } from '../../src/rotation/retire-secret.ts';
import { personCalled } from '../provenance/people.ts';
import { bindingOf, dayMs, policyOf, rotationWorld, type RotationWorld } from './world/rotation-world.ts';

async function finished(world: RotationWorld): Promise<readonly FinishedTarget[]> {
  const found: FinishedTarget[] = [];
  for await (const one of finishedTargets(world.records, (secret) => world.tools.policy.secrets.has(secret)))
    found.push(one);
  return found;
}

async function passes(world: RotationWorld, days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    await reconcileRotations(world.tools);
    world.advance(dayMs);
  }
}

/** A secret that was rotated, and is retired. */
async function retired(): Promise<RotationWorld> {
  const world = rotationWorld([bindingOf('app', 'mint')]);
  await passes(world, 3);
  await retireSecret(world.tools, { secret: 'app', by: personCalled('ann'), reason: 'nobody needs it' });
  await passes(world, 40);
  return world;
}

describe('the journal of a target', () => {
  it('is finished when its secret was retired, all that it issued has ended, and the policy no longer names it', async () => {
    const world = await retired();
    expect(await finished(world)).toEqual([]);
    world.policy(policyOf());
    const [one, ...others] = await finished(world);
    expect(others).toEqual([]);
    expect(one?.firstAt.toISOString()).toBe('2026-03-01T00:00:00.000Z');
    expect(one === undefined ? 0 : one.lastAt.getTime()).toBeGreaterThan(Date.parse('2026-03-04T00:00:00Z'));
  });

  it('is not finished while a credential lives, though the policy no longer names its secret', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3);
    world.policy(policyOf());
    await passes(world, 3);
    expect(await finished(world)).toEqual([]);
  });

  it('is forgotten by the index, its head is removed, and it is not taken for one that was lost when the secret comes back', async () => {
    const world = await retired();
    const binding = world.tools.policy;
    world.policy(policyOf());
    const [one] = await finished(world);
    const key = one?.target ?? '';
    expect((await readIndex(world.records)).has(key)).toBe(true);
    await forgetTarget(world.records, key);
    expect((await readIndex(world.records)).has(key)).toBe(false);
    const heads: string[] = [];
    for await (const path of world.records.list('rotation/heads/')) heads.push(path);
    expect(heads).toEqual([]);
    for await (const path of world.records.list('journal/'))
      await world.records.remove(path, (await world.records.read(path))?.revision ?? '');
    world.restart();
    world.policy(binding);
    const { faults } = await reconcileRotations(world.tools);
    expect(faults).toEqual([]);
  });
});
