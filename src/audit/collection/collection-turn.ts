import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { createEmptySlice, type SliceBounds, slicePlace } from './slice.ts';
import { jsonBytes, readStoredJson } from './stored-json.ts';

/** The right to collect, which one instance has at a time. */
export interface CollectionTurn {
  /** Lengthens the turn by ten minutes from now. Returns `false` if another instance has taken it. */
  renew(): Promise<boolean>;
  /**
   * Lengthens the turn and announces the slice that is written next. Returns its path, or `null` if another instance has taken
   * the turn: that one fills the place of an announced slice, so that the slice cannot be created any more.
   */
  announce(slice: SliceBounds): Promise<string | null>;
  /** Tells that the announced slice was created. The next renewal or the end puts it on record. */
  wrote(): void;
  /** Lets the next instance collect at once. */
  end(): Promise<void>;
}

/** One query of the log takes less; a pass of many renews its turn before each. */
const turnMs = 10 * 60_000;

interface TurnRecord {
  readonly format: 1;
  readonly until: string;
  /** The slice that its holder was about to create. */
  readonly announced?: SliceBounds & { readonly path: string };
}

const turnShape = z.object({
  format: z.literal(1),
  until: recordedTime,
  announced: z
    .object({
      path: z.string(),
      from: recordedTime,
      to: recordedTime,
      query: z.object({ name: z.string(), sha256: z.string() }),
    })
    .exactOptional(),
});

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
  // What its holder announced stays announced until its place is filled: the process may die before that.
  let announced = stored?.value.announced;
  let revision = await write(stored?.revision ?? null, turnMs);
  if (revision === null) return null;
  const turn: CollectionTurn = {
    async renew() {
      revision = await write(revision, turnMs);
      return revision !== null;
    },
    async announce(slice) {
      const place = await slicePlace(records, slice);
      announced = { from: slice.from, to: slice.to, query: slice.query, path: place };
      return (await turn.renew()) ? place : null;
    },
    wrote() {
      announced = undefined;
    },
    async end() {
      await write(revision, 0);
    },
  };
  await fillAnnounced(turn);
  return turn;

  /** Returns the new revision, or `null` if another instance has written in between. */
  async function write(before: Revision | null, forMs: number): Promise<Revision | null> {
    const until = new Date(now().getTime() + forMs).toISOString();
    const record: TurnRecord = { format: 1, until, ...(announced && { announced }) };
    try {
      return before === null
        ? await records.create(path, jsonBytes(record))
        : await records.replace(path, jsonBytes(record), before);
    } catch (error) {
      if (ServiceError.is(error, 'RECORD_CHANGED') || ServiceError.is(error, 'RECORD_EXISTS')) return null;
      throw error;
    }
  }

  /** Puts an empty slice where the one before was about to create one, unless it did: from now on it cannot. */
  async function fillAnnounced(taken: CollectionTurn): Promise<void> {
    if (announced === undefined) return;
    try {
      await createEmptySlice(records, announced, now());
    } catch (error) {
      await taken.end();
      throw error;
    }
    taken.wrote();
  }
}
