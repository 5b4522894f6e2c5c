import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** An interval that could not be read; tried again in each pass while the log store still has it. */
export interface UnreadInterval {
  readonly from: string;
  readonly to: string;
  /** Code of the failure. */
  readonly why: string;
}

/** How far the collection of log rows has come. */
export interface RetrievalCollection {
  readonly format: 1;
  /** Where it began: what lies before was never asked for. ISO 8601, a whole hour. */
  readonly since: string;
  /** Everything before this was asked for at least once. ISO 8601. */
  readonly readTo: string;
  /** The watermark: rows up to here are taken to have arrived. It is `readTo` less the time that a row may be late. */
  readonly watermark: string;
  /**
   * How far the log was asked for before a pass that began days after it: the service was away, or the clock was ahead. A later pass
   * that finds `readTo` ahead of its clock goes back to it. Absent where there was no such pass since then.
   */
  readonly jumpedFrom?: string;
  /** Rows held of each hour that may still grow, by the hour's ISO 8601. */
  readonly held: Readonly<Record<string, number>>;
  readonly unread: readonly UnreadInterval[];
  /** The text of each query that slices name by its digest. */
  readonly queries: Readonly<Record<string, { readonly name: string; readonly text: string }>>;
}

/** `beside`: the storage archive that is read beside a workspace; each of the two has come its own way. */
type CollectedLog = 'only' | 'beside';

const paths: Readonly<Record<CollectedLog, string>> = {
  only: 'collection/retrievals.json',
  beside: 'collection/archive.json',
};

const collectionShape: z.ZodType<RetrievalCollection> = z.object({
  format: z.literal(1),
  since: recordedTime,
  readTo: recordedTime,
  watermark: recordedTime,
  jumpedFrom: recordedTime.exactOptional(),
  held: z.record(z.string(), z.int()),
  unread: z.array(z.object({ from: recordedTime, to: recordedTime, why: z.string() })),
  queries: z.record(z.string(), z.object({ name: z.string(), text: z.string() })),
});

/** How far the collection has come; `null` before the first pass. */
export async function retrievalCollection(
  records: RecordStore,
  log: CollectedLog = 'only',
): Promise<RetrievalCollection | null> {
  return (await readRetrievalCollection(records, log)).state;
}

/** The same, with the revision that a pass replaces; both `null` before the first pass. */
export async function readRetrievalCollection(
  records: RecordStore,
  log: CollectedLog,
): Promise<{ readonly state: RetrievalCollection | null; readonly revision: Revision | null }> {
  const stored = await readStoredJson(records, paths[log], collectionShape);
  return { state: stored?.value ?? null, revision: stored?.revision ?? null };
}

/**
 * Writes the state after a pass. Returns `false` if another pass has written its own since `revision` was read: what this one
 * has kept is kept, and the next pass compares it with the log again.
 */
export async function saveRetrievalCollection(
  records: RecordStore,
  state: RetrievalCollection,
  revision: Revision | null,
  log: CollectedLog = 'only',
): Promise<boolean> {
  const path = paths[log];
  if (revision === null) return await createJson(records, path, state);
  try {
    await records.replace(path, jsonBytes(state), revision);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_CHANGED')) return false;
    throw error;
  }
}
