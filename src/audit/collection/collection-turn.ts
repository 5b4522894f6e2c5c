import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** The right to collect, which one instance has at a time. */
export interface CollectionTurn {
  /** Lets the next instance collect at once. */
  end(): Promise<void>;
}

/** A pass takes seconds, the first one minutes. One that takes longer may meet another: a row is then kept twice, and counted once. */
const turnMs = 10 * 60_000;

const turnShape = z.object({ format: z.literal(1), until: recordedTime });

/**
 * Takes the turn to collect. Instances on one store work by the same clock, so without turns each would read the same rows in the
 * same second, and keep them. Returns `null` while another has the turn; that of a process that died ends by itself.
 */
export async function takeCollectionTurn(
  records: RecordStore,
  log: 'only' | 'beside',
  now: () => Date,
): Promise<CollectionTurn | null> {
  const path = `collection/turn-${log}.json`;
  const stored = await readStoredJson(records, path, turnShape);
  const left = Date.parse(stored?.value.until ?? '') - now().getTime();
  // More than a whole turn was taken by a clock that is wrong.
  if (left > 0 && left <= turnMs) return null;
  const taken = { format: 1, until: new Date(now().getTime() + turnMs).toISOString() };
  try {
    if (stored === null) {
      if (!(await createJson(records, path, taken))) return null;
    } else await records.replace(path, jsonBytes(taken), stored.revision);
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_CHANGED')) return null;
    throw error;
  }
  return {
    async end() {
      const own = await readStoredJson(records, path, turnShape);
      if (own?.value.until !== taken.until) return;
      try {
        await records.replace(path, jsonBytes({ format: 1, until: now().toISOString() }), own.revision);
      } catch (error) {
        // Another instance took what had run out.
        if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
      }
    },
  };
}
