import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { memoize } from '../../provenance/memoize.ts';
import { dayMs } from '../../secrets/duration.ts';
import { momentOf } from '../parsing/moment.ts';
import { periodRows } from './period-rows.ts';

/** Reads of which each is less than a month after the one before. ISO 8601, UTC. */
export interface ReadRun {
  readonly from: string;
  to: string;
  /** The month of `to`. */
  month: string;
  /** Id of the first read. */
  readonly first: string;
}

/** What one identity read of one secret. */
interface ReaderReads {
  /** Lower-case object id. */
  readonly objectId: string;
  readonly vault: string;
  readonly secret: string;
  readonly count: number;
  readonly lastAt: string;
  /** Ids of the role assignments that allowed the reads, as the vault logged them. */
  readonly assignments: readonly string[];
  readonly runs: readonly ReadRun[];
}

/** Reads by identity and secret, over a span of rows on record. */
export interface ReadsOnRecord {
  see(retrieval: Retrieval): void;
  /** Adds reads that were counted elsewhere. */
  add(reads: ReaderReads): void;
  /** Whether the identity read the secret, or any secret of the vault (`null`), or through this assignment. */
  hasRead(objectId: string, vault: string, secret: string | null): boolean;
  /** When the identity read the secret, or any secret of the vault (`null`), by the beginning of each run. */
  runsOf(objectId: string, vault: string, secret: string | null): readonly ReadRun[];
  all(): readonly ReaderReads[];
}

interface GrowingReads extends ReaderReads {
  count: number;
  lastAt: string;
  readonly assignments: string[];
  readonly runs: ReadRun[];
}

const longestPauseMs = 30 * dayMs;

/** Adds a read, or a later run. */
function addRun(runs: ReadRun[], { from, to, first }: Omit<ReadRun, 'month'>): void {
  const last = runs.at(-1);
  // No pause within one month of the calendar is too long, so rows by the million need no clock.
  const isNear =
    last !== undefined && (from.startsWith(last.month) || momentOf(from) - momentOf(last.to) < longestPauseMs);
  if (!isNear) runs.push({ from, to, first, month: to.slice(0, 7) });
  else if (last.to < to) {
    last.to = to;
    if (!to.startsWith(last.month)) last.month = to.slice(0, 7);
  }
}

export function createReadsOnRecord(): ReadsOnRecord {
  const all: GrowingReads[] = [];
  // By identity, vault and secret, one after the other: to join them into one key for each row would take longer.
  const readers = new Map<string, Map<string, Map<string, GrowingReads>>>();
  const secretsOf = (objectId: string, vault: string) => readers.get(lowerCase(objectId))?.get(lowerCase(vault));
  const open = ({
    objectId,
    vault,
    secret,
    lastAt,
  }: Omit<ReaderReads, 'count' | 'assignments' | 'runs'>): GrowingReads => {
    const vaults = readers.get(lowerCase(objectId)) ?? new Map<string, Map<string, GrowingReads>>();
    readers.set(lowerCase(objectId), vaults);
    const secrets = vaults.get(lowerCase(vault)) ?? new Map<string, GrowingReads>();
    vaults.set(lowerCase(vault), secrets);
    const opened = { objectId, vault, secret, count: 0, lastAt, assignments: [], runs: [] };
    secrets.set(lowerCase(secret), opened);
    all.push(opened);
    return opened;
  };
  const find = ({ objectId, vault, secret }: Pick<ReaderReads, 'objectId' | 'vault' | 'secret'>) =>
    secretsOf(objectId, vault)?.get(lowerCase(secret));
  const grow = (reads: GrowingReads, count: number, lastAt: string, assignments: readonly string[]) => {
    reads.count += count;
    if (reads.lastAt < lastAt) reads.lastAt = lastAt;
    for (const one of assignments) if (!reads.assignments.includes(one)) reads.assignments.push(one);
  };
  return {
    add(reads) {
      const known = find(reads) ?? open(reads);
      grow(known, reads.count, reads.lastAt, reads.assignments);
      for (const run of reads.runs) addRun(known.runs, run);
    },
    see({ kind, identity, vault, secret, at, id, roleAssignment }) {
      if (kind !== 'read' || identity.objectId === null || secret === null) return;
      const names = { objectId: identity.objectId, vault: lowerCase(vault), secret: lowerCase(secret) };
      const reads = find(names) ?? open({ ...names, lastAt: at });
      grow(reads, 1, at, roleAssignment === null ? none : [roleAssignment]);
      addRun(reads.runs, { from: at, to: at, first: id });
    },
    hasRead(objectId, vault, secret) {
      const secrets = secretsOf(objectId, vault);
      return secrets !== undefined && (secret === null || secrets.has(lowerCase(secret)));
    },
    runsOf(objectId, vault, secret) {
      const secrets = secretsOf(objectId, vault);
      const asked = secret === null ? [...(secrets?.values() ?? [])] : [secrets?.get(lowerCase(secret))];
      return asked
        .flatMap((reads) => reads?.runs ?? [])
        .sort((one, other) => compareText(one.from, other.from) || compareText(one.first, other.first));
    },
    all: () => all,
  };
}

/** Reads the rows of a span once, with one day in memory at a time. */
export async function readsOnRecord(records: RecordStore, span: ReportingPeriod): Promise<ReadsOnRecord> {
  const reads = createReadsOnRecord();
  if (span.from >= span.to) return reads;
  for await (const { retrievals } of periodRows(records, span)) for (const one of retrievals) reads.see(one);
  return reads;
}

const none: readonly string[] = [];

const lowerCase = memoize((text) => text.toLowerCase());
