import type { RecordStore } from '../../records/record-store.ts';
import type { JournalEntry, VaultOperation } from '../journal/journal-entry.ts';
import { journalTargets, readJournal, type TargetJournal } from '../journal/target-journal.ts';
import { isAlive, type Rotation, type TargetState } from '../journal/target-state.ts';
import type { RotationHistory } from './rotation-history.ts';
import { stopsOfRotations } from './rotation-stops.ts';
import { stateOfRotation, summariesOf } from './rotation-standing.ts';

/**
 * What every rotation did, one history for each secret of it, by target and in order.
 * `period`: half-open; only rotations of targets whose journal was written in it, or that were not over before it.
 * @throws ServiceError `RECORD_UNREADABLE` for a journal that was altered: evidence must not pass over it.
 */
export async function* readRotationHistories(
  records: RecordStore,
  period?: { readonly from: Date; readonly to: Date },
): AsyncIterable<RotationHistory> {
  for await (const target of journalTargets(records)) {
    const journal = await readJournal(records, target);
    const stops = stopsOfRotations(journal);
    for (const [index, { rotation, entries }] of partsOf(journal).entries()) {
      if (period !== undefined && !touches(journal.state, rotation, entries, period)) continue;
      for (const history of historiesOf(journal.state, rotation, entries)) {
        yield { ...history, stops: stops[index] ?? [] };
      }
    }
  }
}

interface Part {
  readonly rotation: Rotation;
  /** The entries that belong to it: from its beginning, or what led to it, to the next rotation's. */
  readonly entries: readonly JournalEntry[];
}

/** The rotations of a target, each with its part of the journal. Every entry belongs to one. */
export function partsOf({ state, entries }: TargetJournal): readonly Part[] {
  const begins = entries.flatMap(({ act, facts: { claim } }, index) =>
    claim !== undefined && (act === 'begin' || act === 'rebuild') ? [{ rotationId: claim.rotationId, index }] : [],
  );
  return state.rotations.map((rotation) => {
    const own = begins.filter(({ rotationId }) => rotationId === rotation.claim.rotationId);
    const inOwn = (index: number) => {
      const last = begins.findLast((begin) => begin.index <= index) ?? begins[0];
      return last !== undefined && own.includes(last);
    };
    return { rotation, entries: entries.filter((_, index) => inOwn(index)) };
  });
}

/** One history for each secret of a rotation. */
export function historiesOf(
  state: TargetState,
  rotation: Rotation,
  entries: readonly JournalEntry[],
): readonly RotationHistory[] {
  const { issuer, graceMs } = rotation.claim;
  const old = state.credentials.get(rotation.from ?? '');
  const operations = operationsOf(entries);
  const stateSince = stateSinceOf(state, rotation, entries);
  return summariesOf(state, rotation).map((summary) => ({
    ...summary,
    issuer,
    graceMs,
    stateSince,
    verifiedAt: rotation.verifiedAt,
    revokedAt: rotation.step === 'published' && old?.life === 'ended' ? old.endedAt : null,
    doneAt: rotation.result === 'done' ? rotation.closedAt : null,
    places: placesOf(state, rotation, `${summary.vault}/${summary.secret}`, entries),
    head: state.head ?? '',
    operations,
  }));
}

/** The further places of one secret, as the policy named them when the rotation began. */
function placesOf(
  { bindings }: TargetState,
  { claim }: Rotation,
  member: string,
  entries: readonly JournalEntry[],
): RotationHistory['places'] {
  const binding = bindings.find(({ vault, name }) => `${vault}/${name}`.toLowerCase() === member.toLowerCase());
  return (binding?.alsoPublish ?? []).map((target, position) => {
    const given = entries.findLast(
      ({ act, kind, facts }) =>
        act === 'replicate' &&
        kind === 'outcome' &&
        facts.failure === undefined &&
        facts.member === member &&
        facts.place === position &&
        facts.credential?.startsWith(`${claim.rotationId}.`) === true,
    );
    return { place: Object.values(target).join(' '), givenAt: given?.at ?? null };
  });
}

/** When a rotation came to the state in which it is: its newest milestone. */
function stateSinceOf(state: TargetState, rotation: Rotation, entries: readonly JournalEntry[]): string {
  const { closedAt, replacedAt, rolledBack, publishedAt, begunAt } = rotation;
  if (closedAt !== null && rotation.result !== 'done') return closedAt;
  if (rolledBack !== null) return rolledBack.at;
  if (replacedAt !== null) return replacedAt;
  if (closedAt !== null) return closedAt;
  const held = entries.findLast(({ act, facts }) => act === 'call' || act === 'ask' || facts.failure !== undefined);
  const standing = stateOfRotation(state, rotation);
  if (held !== undefined && standing !== rotation.step && standing !== 'grace') return held.at;
  return publishedAt ?? entries.findLast(({ kind }) => kind === 'outcome')?.at ?? begunAt;
}

/** All that was done, and what was about to be done when a worker died: that may have happened too. */
function operationsOf(entries: readonly JournalEntry[]): readonly VaultOperation[] {
  return entries.flatMap((entry, index) => {
    if (entry.kind !== 'intent') return entry.operations;
    return entries[index + 1]?.facts.of === entry.number ? [] : entry.operations;
  });
}

/** Whether a period has something of a rotation to tell. What is alive still concerns every later period too. */
function touches(
  { credentials }: TargetState,
  rotation: Rotation,
  entries: readonly JournalEntry[],
  { from, to }: { readonly from: Date; readonly to: Date },
): boolean {
  const lastAt = entries.at(-1)?.at ?? rotation.begunAt;
  const made = credentials.get(rotation.credential);
  const isAlone = rotation.replacedAt !== null || rotation.rolledBack !== null;
  const livesOn = isAlone && made !== undefined && isAlive(made);
  return (
    Date.parse(rotation.begunAt) < to.getTime() &&
    (Date.parse(lastAt) >= from.getTime() || rotation.result === null || livesOn)
  );
}
