import { z } from 'zod';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { writeRecord } from '../../records/write-record.ts';
import { ServiceError } from '../../service-error.ts';
import type { TargetJournal } from './target-journal.ts';
import type { TargetState } from './target-state.ts';

/** A journal's newest entry, as it is kept outside the journal. `rebuiltAt`: when the journal was last rebuilt before that entry. */
export type Head = Readonly<z.infer<typeof headShape>>;
export const headShape = z.object({ number: z.number(), digest: z.string(), rebuiltAt: z.string() });
const recordShape = headShape.extend({ format: z.literal(1) });

/** A head, and the revision of the record that it was read from or written to. */
export interface KeptHead {
  readonly head: Head;
  readonly revision: Revision;
}

/** `null`: the journal has no entry. */
export function headOf({ number, head, rebuiltAt }: TargetState): Head | null {
  return head === null ? null : { number, digest: head, rebuiltAt };
}

/** Whether `one` was overtaken by `other`: a journal that was rebuilt since goes before a longer one. */
export function isOlder(one: Head | null, other: Head | null): boolean {
  const [rebuilt = '', before = ''] = [one?.rebuiltAt, other?.rebuiltAt];
  return rebuilt === before ? (one?.number ?? 0) < (other?.number ?? 0) : rebuilt < before;
}

/** @throws ServiceError `RECORD_UNREADABLE` when the record is not of its format. */
export async function readHead(records: RecordStore, target: string): Promise<KeptHead | null> {
  const found = await records.read(pathOf(target));
  if (found === null) return null;
  const { format: _format, ...head } = parseRecord(recordShape, found.bytes, pathOf(target));
  return { head, revision: found.revision };
}

/**
 * Keeps the head of a journal, durably, before resolving. Called after an entry was appended and before what it announces is
 * sent: a worker that dies between the two leaves a head that is behind its journal, which alarms nobody. `known`: as
 * it was read or written before.
 * @throws ServiceError `RECORD_CHANGED` when others are always faster.
 */
export async function keepHead(
  records: RecordStore,
  state: TargetState,
  known: KeptHead | null,
): Promise<KeptHead | null> {
  const head = headOf(state);
  if (head === null) return known;
  const path = pathOf(state.target);
  let kept = known;
  for (let tries = 0; tries < 20; tries += 1) {
    if (kept !== null && isOlder(head, kept.head)) return kept;
    const revision = await writeRecord(records, path, { format: 1, ...head }, kept?.revision ?? null);
    if (revision !== null) return { head, revision };
    kept = await readHead(records, state.target);
  }
  throw new ServiceError('RECORD_CHANGED', { path });
}

/** Removes the head of a journal that goes. */
export async function forgetHead(records: RecordStore, target: string): Promise<void> {
  const record = await records.read(pathOf(target));
  if (record !== null) await records.remove(pathOf(target), record.revision);
}

/**
 * Whether a journal lacks the entry that was kept as its head, however long it has grown since. Read the heads before the
 * journal: a worker that is faster in between only makes it longer. One that was rebuilt since is whole again.
 */
export function wasSetBack({ state, entries }: TargetJournal, heads: readonly (Head | null)[]): boolean {
  const [newest = null] = heads.toSorted((one, other) => (isOlder(one, other) ? 1 : -1));
  if (newest === null || state.rebuiltAt > newest.rebuiltAt) return false;
  const found = newest.number === state.number ? state.head : entries[newest.number]?.previous;
  return found !== newest.digest;
}

function pathOf(target: string): string {
  return `rotation/heads/${target}.json`;
}
