import type { RecordStore } from '../records/record-store.ts';
import type { JournalEntry, VaultOperation } from './journal-entry.ts';
import { type Rotation, rotationOf } from './rotation.ts';
import type { RotationHistory } from './rotation-history.ts';
import { attemptIdOf } from './rotation-id.ts';
import { readJournal, rotationIds } from './rotation-journal.ts';
import { bindingKey } from './rotation-unit.ts';

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
  return claim.members.map(({ vault, secret, fromVersion }) => ({
    rotationId: attemptIdOf(rotation.rotationId, rotation.attempt),
    vault,
    secret,
    issuer: claim.issuer,
    environment: claim.environment,
    trigger: claim.trigger,
    state: rotation.state,
    fromVersion,
    publishedVersion: rotation.published.get(bindingKey({ vault, name: secret })) ?? null,
    claimedAt: rotation.claimedAt.toISOString(),
    verifiedAt: rotation.verifiedAt?.toISOString() ?? null,
    publishedAt: rotation.publishedAt?.toISOString() ?? null,
    revokedAt: rotation.revokedAt?.toISOString() ?? null,
    doneAt: rotation.doneAt?.toISOString() ?? null,
    oldValue: rotation.oldValue ?? (rotation.publishedAt === null ? 'in-force' : 'in-grace'),
    failure: rotation.failure,
    approvals: rotation.approvals,
    head: rotation.head,
    operations,
  }));
}

/** All that was done, and what was about to be done when a worker died: that may have happened too. */
function operationsOf(entries: readonly JournalEntry[]): readonly VaultOperation[] {
  return entries.flatMap((entry, index) => {
    if (entry.kind === 'outcome') return entry.operations;
    const answered = entries[index + 1]?.kind === 'outcome' && entries[index + 1]?.act === entry.act;
    return answered ? [] : entry.operations;
  });
}

function touches(rotation: Rotation, { from, to }: { readonly from: Date; readonly to: Date }): boolean {
  return (
    rotation.claimedAt < to && (rotation.lastAt >= from || (rotation.doneAt === null && rotation.state !== 'stale'))
  );
}
