import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import { drive, setAgain, statesOf } from './world/by-hand.ts';
import { type RotationWorld, bindingOf, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const minuteMs = 60_000;

describe('a single password', () => {
  it('is not set before whoever must agree to publishing has agreed', async () => {
    const world = rotationWorld([bindingOf('app', 'single', { approval: ['publish'] })]);
    await requestRotation(world.tools, { secret: 'kv/app', reason: 'test', by: personCalled('ann'), emergency: false });
    expect(await statesOf(world)).toEqual(['awaiting-approval']);
    expect(world.providers.single.made).toBe(0);
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('is set back to what somebody published meanwhile, though the provider is slow to tell', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    let done = false;
    world.gateway.gate = {
      before: () => undefined,
      after: (what) => {
        if (done || what !== 'provider.verify') return;
        done = true;
        setAgain(world, 'app', 0, new Date('2026-05-01T00:00:00Z'));
        world.providers.single.notYet = 1;
      },
    };
    for (let pass = 0; pass < 3; pass += 1) {
      await reconcileRotations(world.tools);
      world.advance(10 * minuteMs);
    }
    expect(await statesOf(world)).toEqual(['superseded']);
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('is published once it is set, though the time of the pass is over', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    world.gateway.gate = {
      before: () => undefined,
      after: (what) => void (what === 'provider.issue' && world.advance(40_000)),
    };
    const { rotation } = await drive(world.tools, { deadlineMs: 15_000 });
    expect(rotation?.step).toBe('published');
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a single password that is rolled back', () => {
  const rollBack = async ({ tools }: RotationWorld) => {
    const [rotation] = await listRotations(tools);
    await rollBackRotation(tools, {
      rotationId: rotation?.rotationId ?? '',
      by: personCalled('ann'),
      reason: 'consumers fail',
    });
  };

  it('is set anew when the provider does not take the old one', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    const published = world.latestValue('app') ?? '';
    world.providers.single.wrong = 1;
    await expect(rollBack(world)).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED' });
    expect(world.latestValue('app')).toBe(published);
    expect(world.providers.single.opens('app', published)).toBe(true);
    expect(await statesOf(world)).toEqual(['grace']);
  });

  it('is rolled back by the next pass when the provider is slow to tell that it took the old one', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    const old = world.latestValue('app') ?? '';
    await reconcileRotations(world.tools);
    world.gateway.gate = {
      before: (what) => void (what === 'provider.issue' && (world.providers.single.notYet = 2)),
      after: () => undefined,
    };
    await expect(rollBack(world)).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_READY' });
    expect(world.providers.single.opens('app', old)).toBe(true);
    world.gateway.gate = { before: () => undefined, after: () => undefined };
    world.advance(5 * minuteMs);
    await reconcileRotations(world.tools);
    expect(world.latestValue('app')).toBe(old);
    expect(await statesOf(world)).toEqual(['rolled-back']);
  });
});
