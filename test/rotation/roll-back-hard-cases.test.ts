import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import { ServiceError } from '../../src/service-error.ts';
import { failing, lostPut, one, passes } from './world/faulty-world.ts';
import { openGate } from './world/gate.ts';
import { bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';

import { reason, by, rollBackNewest, setByHand } from './world/by-hand.ts';

const minuteMs = 60_000;

describe('a roll-back of a secret that was rotated before', () => {
  it('is not undone by itself within a day, though its newest version names the rotation before', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await passes(world, 3, 2 * hourMs);
    expect((await one(world)).state).toBe('done');
    world.advance(80 * dayMs);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    expect(world.latestValue('app')).not.toBe(old);
    await rollBackNewest(world);
    await passes(world, 8, 2 * hourMs);
    expect(world.latestValue('app')).toBe(old);
    expect(await listRotations(world.tools)).toHaveLength(2);
  });
});

describe('a roll-back that is refused', () => {
  it('leaves a single password that somebody has set by hand at the provider as it is', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    world.providers.single.put('app', { id: 'only', name: 'user app', value: 'only:by-hand' });
    setByHand(world, 'app', 'only:by-hand');
    await expect(rollBackNewest(world)).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED' });
    expect(world.providers.single.opens('app', 'only:by-hand')).toBe(true);
    await passes(world, 5, hourMs);
    expect(world.providers.single.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('leaves every secret of a group as it is when somebody else has set one of them', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app');
    setByHand(world, 'web', 'by-hand');
    await expect(rollBackNewest(world)).rejects.toMatchObject({ code: 'ROLL_BACK_REFUSED' });
    expect([world.latestValue('app'), world.latestValue('web')]).toEqual([fresh, 'by-hand']);
  });

  it('because the policy of the provider does not take the old password again, is over at once', async () => {
    const world = rotationWorld([bindingOf('app', 'single')]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    world.providers.single.refusesByPolicy = 1;
    await expect(rollBackNewest(world)).rejects.toBeInstanceOf(ServiceError);
    await passes(world, 40, dayMs / 4);
    expect(world.providers.single.opens('app', fresh)).toBe(true);
    expect((await one(world)).state).toBe('done');
  });
});

describe('a roll-back of a rotation that needs attention', () => {
  it('is finished by the next pass when its worker dies between two secrets of a group', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    const old = world.latestValue('app');
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    // Somebody renews the new key by hand, so that it opens nothing: a reason to roll back.
    const account = world.providers['two-keys'].live('shared') as unknown as { value: string }[];
    const key = account.find(({ value }) => value === fresh);
    if (key === undefined) throw new Error('no key');
    key.value = 'renewed-by-hand';
    await passes(world, 40, dayMs / 2);
    expect((await one(world)).state).toBe('needs-attention');
    const { rotationId } = await one(world);
    failing(world, 'vault.add web', 1, lostPut, 'before');
    await expect(rollBackRotation(world.tools, { rotationId, by, reason })).rejects.toBeInstanceOf(ServiceError);
    world.gateway.gate = openGate;
    await passes(world, 3, hourMs / 2);
    expect([world.latestValue('app'), world.latestValue('web')]).toEqual([old, old]);
    expect((await one(world)).state).toBe('rolled-back');
  });
});

describe('a clock that is forty days ahead', () => {
  const aheadMs = 40 * dayMs;

  it('ends nothing that was rolled back', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const fresh = world.latestValue('app') ?? '';
    await rollBackNewest(world);
    world.advance(2 * hourMs);
    const at = world.tools.now();
    world.readers = { watermark: at, gaps: [], reads: [{ at, job: null, identity: 'shop' }], running: [] };
    world.skew(aheadMs);
    await reconcileRotations(world.tools);
    expect(world.providers.mint.opens('app', fresh)).toBe(true);
  });

  it('withdraws nothing that a write under way may still make the newest version', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    let late: (() => Promise<unknown>) | null = null;
    const add = async (version: Parameters<typeof world.vault.add>[0]) => {
      if (version.name !== 'app' || late !== null) return await world.vault.add(version);
      late = () => world.vault.add(version);
      throw new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'app', status: null });
    };
    const tools = { ...world.tools, stores: new Map([['kv', { ...world.vault, add }]]) };
    await reconcileRotations(tools);
    setByHand(world, 'app', old);
    world.advance(minuteMs);
    await reconcileRotations(tools);
    expect((await one(world)).state).toBe('superseded');
    world.skew(aheadMs);
    await reconcileRotations(tools);
    world.skew(0);
    await (late as (() => Promise<unknown>) | null)?.();
    expect(world.providers.mint.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('versions that hold what a roll-back had put in force again', () => {
  it('are all disabled when the next rotation has ended it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    await reconcileRotations(world.tools);
    await rollBackNewest(world);
    await passes(world, 20, 2 * hourMs);
    expect(world.latestValue('app')).not.toBe(old);
    expect(world.providers.mint.opens('app', old)).toBe(false);
    expect(world.vault.held('app').filter(({ enabled, value }) => enabled && value.reveal() === old)).toEqual([]);
  });
});
