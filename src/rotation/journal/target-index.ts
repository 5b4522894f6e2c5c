import { z } from 'zod';
import { isOfNewerVersion, parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { writeRecord } from '../../records/write-record.ts';
import { ServiceError } from '../../service-error.ts';
import { headShape, isOlder } from './kept-head.ts';
import { journalTargets } from './target-journal.ts';

const indexedTarget = z.object({
  /** `vault/name`, ascending. */
  members: z.array(z.string()).readonly(),
  /** Whether something is under way, or waits for its end. */
  open: z.boolean(),
  /** When it is to be looked at next, by the vault's clock; `null` when nothing is waited for. */
  wakeAt: z.string().nullable(),
  /** When the value in force was last shown to work. */
  checkedAt: z.string().nullable(),
  /** The newest entry of its journal: one that is shorter was set back, until it was rebuilt. */
  head: headShape.nullable(),
  /** The newest version of each secret that the journal knows. */
  current: z.record(z.string(), z.string()),
  /** Digest of the bindings that it was last judged by: when the policy changes, it is looked at again. */
  judgedBy: z.string(),
});
const shape = z.object({ targets: z.record(z.string(), indexedTarget) });

/** What a pass must know of one target without reading its journal. */
export type IndexedTarget = Readonly<z.infer<typeof indexedTarget>>;
export type TargetIndex = ReadonlyMap<string, IndexedTarget>;

const path = 'rotation/targets.json';

/** What a target is known as that was never worked on. */
export function unknownTarget(members: readonly string[]): IndexedTarget {
  return { members, open: true, wakeAt: null, checkedAt: null, head: null, current: {}, judgedBy: '' };
}

/**
 * The index of all targets, by key. One that is lost, or cannot be read, is made again: every target that has a journal is open
 * until it was looked at. @throws ServiceError `RECORD_UNREADABLE` if a newer version wrote it.
 */
export async function readIndex(records: RecordStore): Promise<TargetIndex> {
  return (await read(records)).index;
}

/**
 * Changes the index, however many workers do. `change` is called again when another was faster; it must not act on anything
 * else. @throws ServiceError `RECORD_CHANGED` when others are always faster.
 */
export async function changeIndex(records: RecordStore, change: (index: TargetIndex) => TargetIndex): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { index, revision } = await read(records);
    const after = change(index);
    if (after === index) return;
    const value = { format: 1, targets: Object.fromEntries(after) };
    if ((await writeRecord(records, path, value, revision)) !== null) return;
  }
  throw new ServiceError('RECORD_CHANGED', { path });
}

/** The index with what was learnt of some targets; of two that looked at one, the one that knows more entries is believed. */
export function withTargets(index: TargetIndex, learnt: TargetIndex): TargetIndex {
  const after = new Map(index);
  for (const [key, target] of learnt) {
    const before = after.get(key);
    if (!isOlder(target.head, before?.head ?? null)) after.set(key, target);
  }
  return after;
}

async function read(records: RecordStore): Promise<{ index: TargetIndex; revision: Revision | null }> {
  const record = await records.read(path);
  const revision = record?.revision ?? null;
  try {
    if (record !== null)
      return { index: new Map(Object.entries(parseRecord(shape, record.bytes, path).targets)), revision };
  } catch (error) {
    const isNewer = record !== null && isOfNewerVersion(record.bytes);
    if (isNewer || !ServiceError.is(error, 'RECORD_UNREADABLE')) throw error;
  }
  const found = new Map<string, IndexedTarget>();
  for await (const target of journalTargets(records)) found.set(target, unknownTarget([]));
  return { index: found, revision };
}
