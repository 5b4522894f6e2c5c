import type { Person } from '../../provenance/person.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { RetentionKindName } from '../retention-kinds.ts';
import type { RetentionEntry } from '../retention-entry.ts';
import { readRetention } from '../retention-record.ts';

/** One deletion by a rule of retention, as it is on record. */
export interface DeletionOnRecord {
  readonly format: 1;
  /** The number of the entry that announced it. */
  readonly number: number;
  readonly kind: RetentionKindName;
  /** The folder, or the journal. */
  readonly name: string;
  /** What its records were of: half-open, ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** How long the rule keeps this kind, such as `1095d`. */
  readonly rule: string;
  /** When it was announced, before the first record went. */
  readonly at: string;
  /** When the last record had gone; `null` while it is under way. */
  readonly endedAt: string | null;
  /** How many records were listed. */
  readonly records: number;
  /** How many of them stayed, because they had changed or a hold had come; `null` while it is under way. */
  readonly kept: number | null;
  /** sha256 of the list that names each record with its sha256. */
  readonly list: string;
}

/** One hold: nothing of its time is deleted while it counts. */
export interface HoldOnRecord {
  readonly format: 1;
  /** The number of its entry. */
  readonly number: number;
  readonly at: string;
  readonly by: Person;
  readonly reason: string;
  /** What it holds, half-open; `null`: without an end. */
  readonly from: string | null;
  readonly to: string | null;
  /** `null` while it counts. */
  readonly lifted: { readonly at: string; readonly by: Person; readonly reason: string } | null;
}

/** Deletions and holds, each in the order of their entries. */
export interface RetentionOnRecord {
  readonly deletions: readonly DeletionOnRecord[];
  readonly holds: readonly HoldOnRecord[];
}

/**
 * Every deletion and every hold.
 * @throws ServiceError `RECORD_UNREADABLE` for a record whose chain is broken.
 */
export async function retentionOnRecord(records: RecordStore): Promise<RetentionOnRecord> {
  const entries = await readRetention(records);
  return { deletions: deletionsIn(entries), holds: holdsIn(entries) };
}

/**
 * What matters to a report of a period: deletions that were made in it or took records of it, and holds that counted at some
 * time of it or hold records of it. @throws ServiceError as `retentionOnRecord`.
 */
export async function retentionOfPeriod(
  records: RecordStore,
  period: { readonly from: Date; readonly to: Date },
): Promise<RetentionOnRecord> {
  const { deletions, holds } = await retentionOnRecord(records);
  const [from, to] = [period.from.toISOString(), period.to.toISOString()];
  const meets = (span: { readonly from: string | null; readonly to: string | null }) =>
    (span.from === null || span.from < to) && (span.to === null || span.to > from);
  return {
    deletions: deletions.filter((one) => (one.at >= from && one.at < to) || meets(one)),
    holds: holds.filter(
      ({ at, lifted, ...span }) => (at < to && (lifted === null || lifted.at >= from)) || meets(span),
    ),
  };
}

function deletionsIn(entries: readonly RetentionEntry[]): readonly DeletionOnRecord[] {
  const ends = new Map(
    entries.flatMap(({ at, facts }) => (facts.act === 'deleted' ? [[facts.of, { at, kept: facts.kept }]] : [])),
  );
  return entries.flatMap(({ format, number, at, facts }): DeletionOnRecord[] => {
    if (facts.act !== 'delete') return [];
    const { act: _, ...deletion } = facts;
    const end = ends.get(number);
    return [{ format, number, at, ...deletion, endedAt: end?.at ?? null, kept: end?.kept ?? null }];
  });
}

function holdsIn(entries: readonly RetentionEntry[]): readonly HoldOnRecord[] {
  const lifts = new Map(
    entries.flatMap(({ at, facts }) =>
      facts.act === 'lift' ? [[facts.of, { at, by: facts.by, reason: facts.reason }]] : [],
    ),
  );
  return entries.flatMap(({ format, number, at, facts }): HoldOnRecord[] => {
    if (facts.act !== 'hold') return [];
    const { by, reason, from, to } = facts;
    return [{ format, number, at, by, reason, from, to, lifted: lifts.get(number) ?? null }];
  });
}
