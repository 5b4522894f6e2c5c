import { describe, expect, it } from 'vitest';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { journalOfSecret } from '../world/by-hand.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from '../world/rotation-world.ts';
import { personCalled } from '../../provenance/people.ts';

const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };

async function listed(world: RotationWorld) {
  const [rotation] = await listRotations(world.tools);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

describe('a question that waits for a person', () => {
  const stuck = { watermark: new Date('2027-01-01'), gaps: [], reads: [] };
  const asked = async (world: RotationWorld) => (await journalOfSecret(world)).filter(({ act }) => act === 'ask');
  const waiting = async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await requestRotation(world.tools, ask);
    world.readers = { ...stuck, running: ['team/app 1'] };
    world.advance(32 * dayMs);
    await reconcileRotations(world.tools);
    expect(await asked(world)).toHaveLength(1);
    return world;
  };

  it('shows whoever approves the reasons of now, not those of the first time', async () => {
    const world = await waiting();
    world.readers = { ...stuck, running: ['team/app 2'] };
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect((await listed(world)).waitsFor).toEqual(['job team/app 2 runs']);
    expect(await asked(world)).toHaveLength(2);
  });

  it('notes changes once an hour at most, and none where only a time moved on', async () => {
    const world = await waiting();
    for (let pass = 0; pass < 24; pass += 1) {
      world.readers = { ...stuck, running: [`team/app ${String(pass + 2)}`] };
      world.advance(300_000);
      await reconcileRotations(world.tools);
    }
    expect((await asked(world)).length).toBeLessThanOrEqual(3);
    const before = (await asked(world)).length;
    for (let pass = 0; pass < 4; pass += 1) {
      const read = { at: new Date(world.tools.now().getTime() - 1000), job: 'team/app 9', identity: null };
      world.readers = { ...stuck, running: [], reads: [read] };
      world.advance(2 * hourMs - 1000 * pass);
      world.readers = { ...world.readers, reads: [{ ...read, at: new Date(world.tools.now().getTime() - 60_000) }] };
      await reconcileRotations(world.tools);
    }
    expect(await asked(world)).toHaveLength(before + 1);
  });

  it('lists so many reasons and says how many more there are', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await requestRotation(world.tools, ask);
    world.readers = { ...stuck, running: Array.from({ length: 300 }, (_, index) => `team/app ${String(index)}`) };
    world.advance(32 * dayMs);
    await reconcileRotations(world.tools);
    const { waitsFor } = await listed(world);
    expect(waitsFor).toHaveLength(21);
    expect(waitsFor.at(-1)).toBe('and 280 more');
  });
});
