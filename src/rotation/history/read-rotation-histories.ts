import type { RecordStore } from '../../records/record-store.ts';
import type { JournalEntry, VaultOperation } from '../journal-entry.ts';
import { leftAliveReason } from '../left-alive.ts';
import { type Rotation, hasEnded, rotationOf } from '../rotation.ts';
import type { RotationHistory } from './rotation-history.ts';
import { attemptIdOf } from '../rotation-id.ts';
import { readJournal, rotationIds } from '../rotation-journal.ts';
import { bindingKey } from '../rotation-unit.ts';
import { valueEnds } from '../value-ends.ts';

/**
 * What every rotation did, one history for each secret of it, by rotation id.
 * `period`: half-open; only rotations whose journal was written in it or that had not ended before it.
 * @throws ServiceError `RECORD_UNREADABLE` for a journal that was altered: evidence must not pass over it.
 */
export async function* readRotationHistories(
  records: RecordStore,
  period?: { readonly from: Date; readonly to: Date },
): AsyncIterable<RotationHistory> {
  for await (const rotationId of rotationIds(records)) {
    const entries = await readJournal(records, rotationId);
    const rotation = rotationOf(rotationId, entries);
    if (period !== undefined && !touches(rotation, period)) continue;
    yield* historiesOf(rotation, entries);
  }
}

/** One history for each secret of a rotation. */
export function historiesOf(rotation: Rotation, entries: readonly JournalEntry[]): readonly RotationHistory[] {
  const { claim } = rotation;
  const operations = operationsOf(entries);
  const approvals = approvalsOf(entries);
  const stateSince = stateSinceOf(entries, rotation);
  return claim.members.map((member) => ({
    rotationId: attemptIdOf(rotation.rotationId, rotation.attempt),
    vault: member.vault,
    secret: member.secret,
    issuer: claim.issuer,
    environment: claim.environment,
    trigger: claim.trigger,
    askedBy: claim.askedBy,
    reason: claim.reason,
    emergency: claim.emergency,
    graceMs: claim.graceMs,
    state: rotation.state,
    stateSince,
    fromVersion: member.fromVersion,
    publishedVersion: rotation.published.get(bindingKey({ vault: member.vault, name: member.secret })) ?? null,
    claimedAt: rotation.claimedAt.toISOString(),
    verifiedAt: rotation.verifiedAt?.toISOString() ?? null,
    revokedAt: rotation.revokedAt?.toISOString() ?? null,
    doneAt: rotation.doneAt?.toISOString() ?? null,
    ...valueEnds(rotation, entries, member),
    failure: rotation.failure,
    approvals,
    head: rotation.head,
    operations,
  }));
}

/** Every approval, with the reason that its entry gives. */
export function approvalsOf(entries: readonly JournalEntry[]): RotationHistory['approvals'] {
  return entries.flatMap(({ kind, facts: { approval, reasons } }) =>
    kind === 'outcome' && approval !== undefined ? [{ ...approval, reason: reasons?.[0] ?? null }] : [],
  );
}

/** The first of the newest outcomes that all left it in the state in which it is. */
function stateSinceOf(entries: readonly JournalEntry[], { state, claimedAt }: Rotation): string {
  const outcomes = entries.filter(({ kind }) => kind === 'outcome');
  const before = outcomes.findLastIndex((entry) => entry.state !== state);
  return outcomes[before + 1]?.at ?? claimedAt.toISOString();
}

/** All that was done, and what was about to be done when a worker died: that may have happened too. */
function operationsOf(entries: readonly JournalEntry[]): readonly VaultOperation[] {
  return entries.flatMap((entry, index) => {
    if (entry.kind === 'outcome') return entry.operations;
    const answered = entries[index + 1]?.kind === 'outcome' && entries[index + 1]?.act === entry.act;
    return answered ? [] : entry.operations;
  });
}

/**
 * Whether a period has something of it to tell. One that somebody published over stays open for evidence: what it left alive
 * concerns every later period too.
 */
function touches(rotation: Rotation, { from, to }: { readonly from: Date; readonly to: Date }): boolean {
  const leftAlive =
    (rotation.state === 'superseded' && rotation.published.size > 0) || leftAliveReason(rotation) !== null;
  return rotation.claimedAt < to && (rotation.lastAt >= from || !hasEnded(rotation) || leftAlive);
}
