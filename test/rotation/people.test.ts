import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { planRequest } from '../../src/rotation/plan-target.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };
const one = async (world: RotationWorld) => {
  const [rotation] = await listRotations(world.tools);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
};
const approve = async (world: RotationWorld, name: string, breakGlass = false) =>
  approveRotation(world.tools, {
    rotationId: (await one(world)).rotationId,
    by: personCalled(name),
    breakGlass,
    reason: 'seen',
  });

describe('a secret that another person must approve before publishing', () => {
  const world = () => rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);

  it('waits with a verified value, refuses whoever asked, and goes on for another', async () => {
    const here = world();
    await requestRotation(here.tools, ask);
    expect(await one(here)).toMatchObject({ state: 'awaiting-approval', awaits: 'publish' });
    await expect(approve(here, 'ann')).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    expect(here.vault.held('app')).toHaveLength(1);
    await approve(here, 'bob');
    expect(await one(here)).toMatchObject({ state: 'grace', awaits: null });
    for await (const { approvals } of readRotationHistories(here.tools.records)) {
      expect(approvals).toMatchObject([{ step: 'publish', by: personCalled('bob'), breakGlass: false }]);
    }
  });

  it('lets whoever asked break the glass, on the record', async () => {
    const here = world();
    await requestRotation(here.tools, ask);
    await approve(here, 'ann', true);
    for await (const { approvals } of readRotationHistories(here.tools.records))
      expect(approvals).toMatchObject([{ by: personCalled('ann'), breakGlass: true }]);
  });

  it('needs attention when nobody answers for a week', async () => {
    const here = world();
    await requestRotation(here.tools, ask);
    here.advance(7 * dayMs + hourMs);
    await reconcileRotations(here.tools);
    expect(await one(here)).toMatchObject({
      state: 'needs-attention',
      failure: 'APPROVAL_EXPIRED',
      oldValue: 'in-force',
    });
    for await (const { oldValue } of readRotationHistories(here.tools.records)) expect(oldValue).toBe('in-force');
    expect(here.vault.held('app')).toHaveLength(1);
  });
});

describe('a secret that another person must approve before revoking', () => {
  it('keeps the old credential until then', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['revoke'] })]);
    await requestRotation(world.tools, ask);
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'awaiting-approval', awaits: 'revoke' });
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
    await approve(world, 'bob');
    expect(await one(world)).toMatchObject({ state: 'done', oldValue: 'dead' });
  });
});

describe('a revocation that evidence forbids', () => {
  const stuck = { watermark: new Date('2027-01-01'), gaps: [], reads: [], running: ['team/app 1'] };

  it('may be approved by a person thirty days behind its grace, and not before', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await requestRotation(world.tools, ask);
    world.readers = stuck;
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    await expect(approve(world, 'bob')).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    world.advance(31 * dayMs);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({
      state: 'awaiting-approval',
      awaits: 'revoke',
      waitsFor: ['job team/app 1 runs'],
    });
    await approve(world, 'bob');
    expect(await one(world)).toMatchObject({ state: 'done', oldValue: 'dead' });
  });

  it('waits for no grace in an emergency, and then for a person alone', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.readers = stuck;
    await requestRotation(world.tools, { ...ask, emergency: true });
    world.advance(300_000);
    await reconcileRotations(world.tools);
    expect(await one(world)).toMatchObject({ state: 'awaiting-approval', awaits: 'revoke' });
    await approve(world, 'bob');
    expect(await one(world)).toMatchObject({ state: 'done', oldValue: 'dead' });
  });
});

describe('asking for a rotation', () => {
  it('names what stands against it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await expect(requestRotation(world.tools, { ...ask, secret: 'other' })).rejects.toMatchObject({
      code: 'SECRET_NOT_BOUND',
    });
    await requestRotation(world.tools, ask);
    await expect(requestRotation(world.tools, ask)).rejects.toMatchObject({ code: 'ROTATION_REQUEST_REFUSED' });
    world.advance(2 * hourMs);
    await expect(requestRotation(world.tools, ask)).rejects.toMatchObject({
      code: 'ROTATION_REQUEST_REFUSED',
      details: { reason: expect.stringContaining('grace') as string },
    });
  });

  it('is held to the number of rotations a day', async () => {
    const world = rotationWorld([bindingOf('app', 'random', { rotationsPerDay: 1, graceMs: 0, minimumAgeMs: 0 })]);
    await requestRotation(world.tools, ask);
    world.advance(hourMs);
    await reconcileRotations(world.tools);
    await expect(requestRotation(world.tools, ask)).rejects.toMatchObject({
      details: { reason: expect.stringContaining('policy allows') as string },
    });
    world.advance(dayMs);
    await requestRotation(world.tools, ask);
    expect(world.vault.held('app')).toHaveLength(3);
  });

  it('plans without changing anything', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    const writes: string[] = [];
    world.gateway.gate = {
      before: (what) => void (/create|replace|add|update|issue|revoke/.test(what) && writes.push(what)),
      after: () => undefined,
    };
    expect((await planRequest(world.tools, 'app')).sentences).toEqual([
      'kv/app: would take the steps issued, staged, verified, published, grace, revoked, done with issuer mint.',
      'kv/app: the old version would stay usable for 1h.',
      'kv/app: another person must approve before publish.',
      "kv/app: reading the secret's properties works.",
      'kv/app: asking the provider works.',
      'kv/app: the right to set the secret cannot be shown without setting it; doctor compares the role assignments.',
    ]);
    expect((await reconcileRotations(world.tools, { plan: true })).plan).toEqual([
      expect.stringMatching(
        /^kv\/app: would rotate away from [0-9a-f]{32}, which ends 2026-03-11T00:00:00\.000Z\.$/,
      ) as string,
    ]);
    expect(writes).toEqual([]);
  });
});

describe.each(['mint', 'two-users', 'single', 'two-keys', 'random'])('rolling back a rotation by %s', (issuer) => {
  it('publishes the old value again, and withdraws the new one when its readers had their grace', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const provider = Object.values(world.providers).find((candidate) => candidate.issuer.name === issuer);
    const old = world.latestValue('app') ?? '';
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const fresh = world.latestValue('app') ?? '';
    await rollBackRotation(world.tools, {
      rotationId: (await one(world)).rotationId,
      by: personCalled('ann'),
      reason: 'broken',
    });
    expect(world.latestValue('app')).toBe(old);
    expect(provider?.opens('app', old)).toBe(true);
    world.advance(2 * hourMs);
    const { counts } = await reconcileRotations(world.tools);
    expect(counts.ended).toBe(1);
    expect(provider?.opens('app', old)).toBe(true);
    if (issuer !== 'random') expect(provider?.opens('app', fresh)).toBe(false);
    expect(
      world.vault
        .held('app')
        .map(({ enabled }) => enabled)
        .at(1),
    ).toBe(false);
    expect(await one(world)).toMatchObject({ state: 'rolled-back' });
  });

  it('is refused after the revocation', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    const { rotationId } = await one(world);
    await expect(
      rollBackRotation(world.tools, { rotationId, by: personCalled('ann'), reason: 'late' }),
    ).rejects.toMatchObject({
      code: 'ROLL_BACK_REFUSED',
    });
  });
});
