import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import { ServiceError } from '../../src/service-error.ts';
import { openGate } from './world/gate.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };

async function listed(world: RotationWorld) {
  const [rotation] = await listRotations(world.tools);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

async function history(world: RotationWorld): Promise<RotationHistory> {
  for await (const one of readRotationHistories(world.records)) return one;
  throw new Error('no rotation');
}

/** Somebody sets the secret by hand, as Terraform or a person would. */
async function setByHand(world: RotationWorld, value: string): Promise<void> {
  const store = world.tools.stores.get('kv');
  await store?.add({ name: 'app', value: new SecretValue(value), expires: null, contentType: null, tags: {} });
}

describe('what the journal says of the old and the new value', () => {
  it('a roll-back puts the old value in force again, and the new one ends', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const { rotationId } = await listed(world);
    await rollBackRotation(world.tools, { rotationId, by: personCalled('ann'), reason: 'consumers fail' });
    const during = { oldValue: 'in-force-again', newValue: 'in-grace' };
    expect(await listed(world)).toMatchObject(during);
    expect(await history(world)).toMatchObject({
      ...during,
      rolledBack: {
        says: 'ann (subject-of-ann at https://login.example.org): consumers fail',
        newEndsFrom: new Date(world.tools.now().getTime() + hourMs).toISOString(),
      },
    });
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    const after = { oldValue: 'in-force-again', newValue: 'withdrawn', publication: 'published' };
    expect(await listed(world)).toMatchObject(after);
    const { note, ...rest } = await history(world);
    expect(rest).toMatchObject({ oldValue: 'in-force-again', newValue: 'withdrawn' });
    expect(note).toContain('ann (subject-of-ann at https://login.example.org): consumers fail');
  });

  it('somebody who publishes in the grace a value that does not work has nothing ended, and is told so', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    await setByHand(world, 'by-hand');
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    const ends = { state: 'needs-attention', oldValue: 'in-grace', newValue: 'in-grace', publication: 'published' };
    expect(await listed(world)).toMatchObject(ends);
    const { note, failure } = await history(world);
    expect(note).toContain('ends when nothing speaks for its use');
    expect(failure).toBe('CREDENTIAL_IN_FORCE_REFUSED');
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
  });

  it('somebody who publishes a dead value after a roll-back has nothing ended, and the machine says so', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const old = world.latestValue('app') ?? '';
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const fresh = world.latestValue('app') ?? '';
    await rollBackRotation(world.tools, {
      rotationId: (await listed(world)).rotationId,
      by: personCalled('ann'),
      reason: 'broken',
    });
    await setByHand(world, 'by-hand');
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect(await listed(world)).toMatchObject({ state: 'rolled-back', oldValue: 'in-grace', newValue: 'in-grace' });
    for (const value of [old, fresh]) expect(world.providers.mint.opens('app', value)).toBe(true);
  });

  it('somebody who publishes first leaves nothing to publish, and the old credential is not called in force', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    await requestRotation(world.tools, ask);
    expect(await listed(world)).toMatchObject({ oldValue: 'in-force', publication: 'not-yet' });
    await setByHand(world, 'by-hand');
    await approveRotation(world.tools, {
      rotationId: (await listed(world)).rotationId,
      by: personCalled('bob'),
      breakGlass: false,
      reason: 'seen',
    });
    await reconcileRotations(world.tools);
    const ends = { state: 'superseded', oldValue: 'in-grace', newValue: 'withdrawn', publication: 'never' };
    expect(await listed(world)).toMatchObject(ends);
    expect((await history(world)).note).toContain('taken back');
  });

  it.each([
    ['single', 'perhaps-replaced', 'in-force'],
    ['two-users', 'in-force', 'in-force'],
  ])(
    '%s: a password that is set and not published leaves the old value %s, and %s when somebody publishes then',
    async (issuer, before, then) => {
      const world = rotationWorld([bindingOf('app', issuer)]);
      const reason = 'ForbiddenByRbac';
      const denied = new ServiceError('VAULT_ACCESS_DENIED', { vault: 'kv', secret: 'app', objectId: null, reason });
      world.gateway.gate = {
        before: (what) => {
          if (what === 'vault.add app') throw denied;
        },
        after: () => undefined,
      };
      await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
      expect(await listed(world)).toMatchObject({ state: 'retry-wait', oldValue: before, publication: 'not-yet' });
      world.gateway.gate = openGate;
      await setByHand(world, world.latestValue('app') ?? '');
      for (let pass = 0; pass < 2; pass += 1) {
        world.advance(hourMs);
        await reconcileRotations(world.tools);
      }
      expect(await listed(world)).toMatchObject({ state: 'superseded', oldValue: then, publication: 'never' });
    },
  );

  it('a rotation that goes the ordinary way needs no note', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    expect(await history(world)).toMatchObject({ oldValue: 'in-grace', newValue: 'in-force', note: null });
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    expect(await history(world)).toMatchObject({ oldValue: 'dead', newValue: 'in-force', note: null });
  });

  it('a rolled-back rotation is over when the new value is withdrawn: later periods do not tell of it', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    await rollBackRotation(world.tools, {
      rotationId: (await listed(world)).rotationId,
      by: personCalled('ann'),
      reason: 'broken',
    });
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    const from = new Date(world.tools.now().getTime() + dayMs);
    const later = { from, to: new Date(from.getTime() + dayMs) };
    const seen: string[] = [];
    for await (const { secret } of readRotationHistories(world.records, later)) seen.push(secret);
    expect(seen).toEqual([]);
  });
});

describe('who asked, who agreed and why', () => {
  it('an emergency says so, with the grace that it claimed and the reason of whoever broke the glass', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    world.readers = { watermark: new Date('2027-01-01'), gaps: [], reads: [], running: ['team/app 1'] };
    await requestRotation(world.tools, { ...ask, reason: 'leaked in a chat', emergency: true });
    const { rotationId } = await listed(world);
    await approveRotation(world.tools, {
      rotationId,
      by: personCalled('ann'),
      breakGlass: true,
      reason: 'nobody else is awake',
    });
    const who = { trigger: 'person', askedBy: personCalled('ann'), reason: 'leaked in a chat', emergency: true };
    const approvals = [{ step: 'revoke', by: personCalled('ann'), breakGlass: true, reason: 'nobody else is awake' }];
    expect(await listed(world)).toMatchObject({ ...who, approvals });
    expect(await history(world)).toMatchObject({ ...who, approvals, graceMs: 0 });
  });
});
