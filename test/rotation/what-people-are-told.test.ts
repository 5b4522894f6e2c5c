import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { ServiceError } from '../../src/service-error.ts';
import { failing, lostPut, one, passes } from './world/faulty-world.ts';
import { openGate } from './world/gate.ts';
import { bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';

import { histories, reason, by, rollBackNewest, setByHand } from './world/by-hand.ts';

const minuteMs = 60_000;

describe('what people are told', () => {
  it('of a rotation that is complete: no failure that it got over', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    failing(world, 'vault.add app', 1, lostPut, 'after');
    await passes(world, 4, 2 * hourMs);
    expect(await histories(world)).toMatchObject([{ state: 'done', failure: null }]);
    expect(await one(world)).toMatchObject({ state: 'done', failure: null });
  });

  it('of a secret that was rotated before and rolled back: no plan speaks of duplicates', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    world.advance(80 * dayMs);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan.filter((sentence) => sentence.includes('would compare'))).toEqual([]);
  });

  it('of what an earlier rotation published: a roll-back of the next one does not change it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    const [before] = await histories(world);
    world.advance(80 * dayMs);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 6, 2 * hourMs);
    const after = (await histories(world)).find(({ rotationId }) => rotationId === before?.rotationId);
    expect(after?.publishedVersion).toBe(before?.publishedVersion);
  });

  it('of a roll-back that rests for a day: no plan says that a pass would begin the next rotation', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 2, 2 * hourMs);
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    await reconcileRotations(world.tools);
    expect(await listRotations(world.tools)).toHaveLength(1);
    expect(plan.filter((sentence) => sentence.includes('would rotate away'))).toEqual([]);
  });

  it('who asks for the next rotation too early is not told to roll back what is rolled back', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.advance(minuteMs);
    const refusal = await requestRotation(world.tools, { secret: 'kv/app', reason, by, emergency: false }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ServiceError);
    expect(ServiceError.is(refusal) ? refusal.message : '').not.toContain('Roll it back');
  });

  it('of a credential that a lost publication may serve: it is not said to be withdrawn', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    let isLost = false;
    world.gateway.gate = {
      before: (what) => {
        if (isLost && what === 'vault.latest app')
          throw new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'away' });
      },
      after: (what) => {
        if (what !== 'vault.add app') return;
        isLost = true;
        throw lostPut;
      },
    };
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    expect(fresh).not.toBe(old);
    world.gateway.gate = openGate;
    setByHand(world, 'app', old);
    await passes(world, 6, 10 * minuteMs);
    expect((await one(world)).state).toBe('superseded');
    // It was found to be this rotation's, and ends by the rule: within its grace it is alive.
    expect(world.providers.mint.opens('app', fresh)).toBe(true);
    expect((await one(world)).newValue).toBe('in-grace');
  });

  it('of a roll-back that somebody published over: later periods tell it too, for both credentials live on', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    setByHand(world, 'app', 'by-hand');
    await passes(world, 2, 2 * hourMs);
    expect(await one(world)).toMatchObject({ state: 'rolled-back', newValue: 'in-grace' });
    const later = { from: new Date('2026-07-01T00:00:00Z'), to: new Date('2026-10-01T00:00:00Z') };
    expect((await histories(world, later)).map(({ state }) => state)).toEqual(['rolled-back']);
  });

  it('of a roll-back whose old version its owner disabled: nobody is said to have published', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    world.vault.disable('app', world.vault.held('app')[0]?.version ?? '');
    await passes(world, 2, 2 * hourMs);
    expect((await one(world)).note).not.toContain('somebody else published');
  });
});
