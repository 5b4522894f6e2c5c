import { describe, expect, it } from 'vitest';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../../src/rotation/request-rotation.ts';
import { by, reason, setAgain } from '../world/by-hand.ts';
import { failing, lostPut, passes } from '../world/faulty-world.ts';
import { openGate } from '../world/gate.ts';
import { bindingOf, dayMs, hourMs, rotationWorld } from '../world/rotation-world.ts';

describe('a value that somebody sets again', () => {
  it('right before its end is in force, and has its whole grace when it is replaced once more', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { minimumAgeMs: 0 })]);
    const old = world.latestValue('app') ?? '';
    const expires = new Date(world.tools.now().getTime() + 80 * dayMs);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    let isSet = false;
    world.gateway.gate = {
      before: () => undefined,
      // Behind the intent to end it, before the last look.
      after: (what) => {
        if (isSet || what !== 'provider.list') return;
        isSet = true;
        setAgain(world, 'app', 0, expires);
      },
    };
    await reconcileRotations(world.tools);
    expect([isSet, world.latestValue('app'), world.providers.mint.opens('app', old)]).toEqual([true, old, true]);
    world.gateway.gate = openGate;
    await passes(world, 1, 3 * hourMs);
    await requestRotation(world.tools, { secret: 'kv/app', reason, by, emergency: false });
    expect(world.latestValue('app')).not.toBe(old);
    await passes(world, 2);
    expect(world.providers.mint.opens('app', old)).toBe(true);
    await passes(world, 3, hourMs);
    expect(world.providers.mint.opens('app', old)).toBe(false);
  });

  it('while the answer to its own publication is lost is the same credential, and is not ended', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    failing(world, 'vault.add app', 1, lostPut, 'after');
    await reconcileRotations(world.tools);
    const published = world.latestValue('app') ?? '';
    setAgain(world, 'app', -1, new Date(world.tools.now().getTime() + 80 * dayMs));
    world.gateway.gate = openGate;
    world.restart();
    await passes(world, 40, hourMs);
    expect(world.latestValue('app')).toBe(published);
    expect(world.providers['two-users'].opens('app', published)).toBe(true);
  });
});
