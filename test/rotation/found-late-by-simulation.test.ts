import { describe, expect, it } from 'vitest';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { ServiceError } from '../../src/service-error.ts';
import { emptyMemory } from '../../src/rotation/rotation-tools.ts';
import { drive, setByHand, statesOf } from './world/by-hand.ts';
import { failing } from './world/faulty-world.ts';
import { openGate } from './world/gate.ts';
import { bindingOf, rotationWorld, type RotationWorld } from './world/rotation-world.ts';

const minuteMs = 60_000;

async function passes(world: RotationWorld, count: number): Promise<void> {
  for (let pass = 0; pass < count; pass += 1) {
    world.advance(60 * minuteMs);
    await reconcileRotations(world.tools);
  }
}

describe('somebody who publishes the other key, or user, right before it is set anew', () => {
  it.each(['two-keys', 'two-users'] as const)('finds it working: %s', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    if (issuer === 'two-users') world.providers[issuer].put('app', { id: 'b', name: 'user app', value: 'b:theirs' });
    const theirs = issuer === 'two-users' ? 'b:theirs' : 'key-spare-app';
    let done = false;
    world.gateway.gate = {
      before: (what) => {
        // The intent to set it is written; nobody has looked since.
        const intent = issuer === 'two-users' ? '000005.json' : '000003.json';
        if (done || !what.startsWith('records.create journal') || !what.endsWith(intent)) return;
        done = true;
        setByHand(world, 'app', theirs);
      },
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    expect(done).toBe(true);
    expect(world.latestValue('app')).toBe(theirs);
    expect(world.providers[issuer].opens('app', theirs)).toBe(true);
    expect(await statesOf(world)).toEqual(['superseded']);
  });
});

describe('somebody who sets the old key again in the very moment in which it ends', () => {
  it('leaves a dead value in force, which a person sees among what needs them, and ends by setting what works', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    const old = world.latestValue('app') ?? '';
    await drive(world.tools);
    const ours = world.latestValue('app') ?? '';
    world.gateway.gate = {
      before: (what) => {
        if (!what.startsWith('provider.revoke')) return;
        world.gateway.gate = openGate;
        setByHand(world, 'app', old);
      },
      after: () => undefined,
    };
    await passes(world, 4);
    const keys = world.providers['two-keys'];
    expect([world.latestValue('app'), keys.opens('app', old), keys.opens('app', ours)]).toEqual([old, false, true]);
    const [seen] = await listRotations(world.tools);
    expect([seen?.state, seen?.failure]).toEqual(['needs-attention', 'CREDENTIAL_IN_FORCE_REFUSED']);
    for await (const { stops } of readRotationHistories(world.records))
      expect(stops?.map(({ state }) => state)).toEqual(['superseded', 'needs-attention']);
    setByHand(world, 'app', ours);
    await passes(world, 4);
    expect(keys.opens('app', ours)).toBe(true);
    const [after] = await listRotations(world.tools);
    expect([after?.state, after?.failure, after?.newValue]).toEqual(['superseded', null, 'in-force']);
  });
});

describe('a single password that a worker set of which the journal knows nothing any more', () => {
  it('is set back to what stands when somebody has published meanwhile', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    const old = world.latestValue('app') ?? '';
    failing(
      world,
      'vault.add app',
      1,
      new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'away' }),
      'before',
    );
    await reconcileRotations(world.tools);
    world.gateway.gate = openGate;
    expect(world.providers.single.opens('app', old)).toBe(false);
    // The records come back as they were when the rotation had just been claimed.
    const { records } = rotationWorld([]);
    const tools = { ...world.tools, records, memory: emptyMemory() };
    let stagings = 0;
    world.gateway.gate = {
      before: (what) => {
        if (what.startsWith('vault.add rot-pending') && (stagings += 1) === 1) throw new Error('dead');
      },
      after: () => undefined,
    };
    await drive(tools).catch(() => undefined);
    world.gateway.gate = openGate;
    setByHand(world, 'app', old);
    for (let pass = 0; pass < 4; pass += 1) {
      world.advance(10 * minuteMs);
      await reconcileRotations(tools);
    }
    expect((await listRotations(tools)).map(({ state }) => state)).toEqual(['superseded']);
    expect(world.providers.single.opens('app', old)).toBe(true);
  });
});

describe('a key that the provider tells otherwise when it is renewed than when it is asked', () => {
  it('is published as another worker has shown it to work, not as the one who renewed it remembers', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    world.providers['two-keys'].wrong = 1;
    // It renews, and has no time left for more; the other one verifies, and has none to publish.
    const stopAfter = (step: string) => {
      world.gateway.gate = {
        before: () => undefined,
        after: (what) => void (what === `provider.${step}` && world.advance(20_000)),
      };
    };
    stopAfter('issue');
    await drive(world.tools, { deadlineMs: 15_000 });
    stopAfter('verify');
    const other = { ...world.tools, memory: emptyMemory() };
    const { rotation } = await drive(other, { deadlineMs: 15_000 });
    expect(rotation?.step).toBe('verified');
    await drive(world.tools, { deadlineMs: 15_000 });
    expect(world.latestValue('app')).toMatch(/-other$/);
    expect(world.providers['two-keys'].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});
