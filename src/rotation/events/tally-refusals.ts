import { z } from 'zod';
import { isOfNewerVersion } from '../../records/parse-record.ts';
import type { RecordStore, StoredRecord } from '../../records/record-store.ts';
import { writeRecord } from '../../records/write-record.ts';

/** What is kept of events that were refused: one record a cause and minute, however many come. */
interface RefusedEvents {
  /** Of the first. */
  readonly eventId: string | null;
  readonly outcome: 'refused';
  readonly secret: null;
  readonly rotationId: null;
  /** The code and the place, both of closed lists. */
  readonly reason: string;
}

/** How many refusals of one cause a process saw in a minute, and how many of them are on record. */
export interface RefusalTally {
  seen: number;
  recorded: number;
}

interface Tools {
  readonly records: RecordStore;
  readonly memory: { readonly refusals: Map<string, RefusalTally> };
  readonly now: () => Date;
}

/**
 * Counts a refused event. The record of its cause and minute is written for the first, and then each time that their number has
 * doubled, so that ten thousand forged events cost fourteen writes: its `count` is at least half of them.
 * Rejects if the records cannot be reached.
 */
export async function tallyRefusal({ records, memory: { refusals }, now }: Tools, event: RefusedEvents): Promise<void> {
  const at = now().toISOString();
  const minute = `events/${at.slice(0, 10)}/${at.slice(11, 16).replace(':', '')}`;
  const path = `${minute}-${event.reason.replaceAll(/[^a-z]+/gi, '-')}.refused.json`;
  for (const other of refusals.keys()) if (!other.startsWith(minute)) refusals.delete(other);
  const tally = refusals.get(path) ?? { seen: 0, recorded: 0 };
  refusals.set(path, tally);
  tally.seen += 1;
  if (tally.seen < tally.recorded * 2) return;
  const { seen } = tally;
  const stored = await records.read(path);
  if (stored !== null && isOfNewerVersion(stored.bytes)) return;
  const before = recordedIn(stored);
  const first = before ?? { format: 1, kind: null, version: null, ...event, at, count: 0 };
  const record = { ...first, count: first.count + seen - tally.recorded, lastAt: at };
  // Where another request or instance was faster, these are counted with the next ones.
  if ((await writeRecord(records, path, record, stored?.revision ?? null)) !== null) tally.recorded = seen;
}

const shape = z.looseObject({ format: z.literal(1), count: z.int().nonnegative() });

/** The record so far; `null` if there is none. One that cannot be read begins anew: it is a count, and no evidence rests on it. */
function recordedIn(stored: StoredRecord | null) {
  if (stored === null) return null;
  try {
    return shape.parse(JSON.parse(Buffer.from(stored.bytes).toString('utf8')));
  } catch {
    return null;
  }
}
