import { describe, expect, it } from 'vitest';
import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { leftAliveReasons } from '../../src/rotation/left-alive.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import type { JournalEntry, RotationClaim } from '../../src/rotation/journal-entry.ts';
import { rotationOf } from '../../src/rotation/rotation.ts';
import { valueEnds } from '../../src/rotation/value-ends.ts';
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

  it('somebody who publishes in the grace leaves both credentials alive, and the journal does not call either ended', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    await setByHand(world, 'by-hand');
    world.advance(2 * hourMs);
    await reconcileRotations(world.tools);
    const ends = { state: 'superseded', oldValue: 'not-ended', newValue: 'not-ended', publication: 'published' };
    expect(await listed(world)).toMatchObject(ends);
    const { note } = await history(world);
    expect(note).toContain('neither the old nor the new credential');
    expect(world.providers.mint.opens('app', 'value-of-old-app')).toBe(true);
  });

  it('somebody who publishes behind a roll-back leaves both credentials alive, and the machine says so', async () => {
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
    expect(await listed(world)).toMatchObject({ state: 'rolled-back', oldValue: 'not-ended', newValue: 'not-ended' });
    for (const value of [old, fresh]) expect(world.providers.mint.opens('app', value)).toBe(true);
  });

  it('a roll-back that somebody published over is not said to have ended anything', () => {
    const at = (minute: number) => `2026-03-09T14:0${String(minute)}:00.000Z`;
    const member = {
      vault: 'kv',
      secret: 'app',
      fromVersion: 'v0',
      fromCredentialId: '1',
      knownFrom: 'journal',
    } as const;
    const said = { rotationId: 'abc', attempt: 1, fence: 1, format: 1, previous: null, operations: [] } as const;
    const claim = { members: [member], graceMs: hourMs } as unknown as RotationClaim; // The rest plays no part here.
    const outcome = { ...said, kind: 'outcome', step: 'grace' } as const;
    const entries: readonly JournalEntry[] = [
      { ...outcome, number: 1, at: at(0), act: 'claim', step: 'claimed', state: 'claimed', facts: { claim } },
      {
        ...outcome,
        number: 2,
        at: at(1),
        act: 'publish',
        step: 'published',
        state: 'published',
        facts: { member: 'kv/app', publishedVersion: 'v1' },
      },
      {
        ...outcome,
        number: 3,
        at: at(2),
        act: 'roll-back',
        state: 'rolled-back',
        facts: { retryAt: at(3), reasons: ['ann: broken'] },
      },
    ];
    const endedWith = (reasons: readonly string[]) => {
      const facts = { withdrawn: true, reasons };
      const chain = [
        ...entries,
        { ...outcome, number: 4, at: at(4), act: 'withdraw', state: 'rolled-back', facts } as const,
      ];
      return valueEnds(rotationOf('abc', chain), chain, member);
    };
    const kept = endedWith([leftAliveReasons.publishedOver]);
    expect(kept).toMatchObject({ oldValue: 'not-ended', newValue: 'not-ended' });
    expect(kept.note).toContain('Then somebody else published');
    expect(endedWith([])).toMatchObject({ oldValue: 'in-force-again', newValue: 'withdrawn' });
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
    const ends = { state: 'superseded', oldValue: 'not-ended', newValue: 'withdrawn', publication: 'never' };
    expect(await listed(world)).toMatchObject(ends);
    expect((await history(world)).note).toContain('taken back');
  });

  it.each([
    ['single', 'perhaps-replaced', 'cannot-be-shown'],
    ['two-users', 'in-force', 'not-ended'],
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
