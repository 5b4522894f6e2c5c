import { dayMs } from '../../secrets/duration.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { type Attribution, type Grade, gradeGroups } from '../../audit/model/attribution.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import type { ReadLine, ReadsBar } from './report-model.ts';
import { shortened } from './visible-text.ts';
import { secondText } from './wording.ts';

/** More bars than this are indistinguishable on paper, so longer periods are drawn by week. */
const mostDailyBars = 100;
/** The most pairs of secret and reader that are counted individually; more would not be a readable table. */
const mostReaders = 20_000;

/** The grades of reads that a reader of the report should look at, those of the greatest risk first. */
const byRisk: readonly Grade[] = [
  'contradicted',
  'rotation-unexplained',
  'broker-unexplained',
  'person',
  'unattributed',
  'claimed',
  'ambiguous',
];

const tied: ReadonlySet<Grade> = new Set(gradeGroups['tied to a job']);

/** All statistics about reads, gathered in one pass, with memory use that does not grow with their number. */
export interface RetrievalTally {
  readonly total: number;
  readonly byGrade: ReadonlyMap<Grade, number>;
  readonly byReason: ReadonlyMap<Grade, ReadonlyMap<string, number>>;
  readonly bars: readonly ReadsBar[];
  readonly listed: readonly ReadLine[];
  /** Those of the greatest risk first, each grade in order of time. */
  readonly toLookAt: readonly ReadLine[];
  readonly toLookAtTotal: number;
  readonly readers: readonly {
    readonly secret: string;
    readonly reader: string;
    readonly count: number;
    readonly lastAt: string;
  }[];
  /** Reads by readers that are not counted individually. */
  readonly readsByOtherReaders: number;
  /** How many repositories have a job that a read is tied to. */
  readonly repositories: number;
}

interface Reader {
  readonly secret: string;
  readonly reader: string;
  count: number;
  lastAt: string;
}

/** What one share of the reads came to: plain data. */
export interface TalliedReads {
  readonly total: number;
  readonly byReason: ReadonlyMap<Grade, ReadonlyMap<string, number>>;
  /** By bar of the chart, then grade. */
  readonly bars: ReadonlyMap<number, ReadonlyMap<Grade, number>>;
  readonly listed: readonly ReadLine[];
  readonly toLookAt: ReadonlyMap<Grade, readonly ReadLine[]>;
  readonly toLookAtTotal: number;
  /** In the order of their first reads. */
  readonly readers: readonly Readonly<Reader>[];
  /** Names of repositories with a job that a read is tied to. */
  readonly repositories: ReadonlySet<string>;
}

/** The name of the list of the first reads, in `full`; those of reads to look at are called by their grades. */
const listedName = 'listed';

/** Counts reads as they pass. `rowCap`: how many are kept as table rows. `full`: lists that need no more of them. */
export function tallyRetrievals(
  period: ReportingPeriod,
  rowCap: number,
  full: ReadonlySet<string> = new Set(),
): {
  add(attribution: Attribution): void;
  take(): TalliedReads;
  /** Adds a later share of the reads. */
  absorb(share: TalliedReads): void;
  /** The lists that hold all that they may. */
  full(): ReadonlySet<string>;
  result(): RetrievalTally;
} {
  const bars = countBars(period);
  const byReason = new Map<Grade, Map<string, number>>();
  const readers = countReaders();
  const listed: ReadLine[] = [];
  const repositories = new Set<string>();
  const toLookAt = new Map<Grade, ReadLine[]>(byRisk.map((grade) => [grade, []]));
  let total = 0;
  let toLookAtTotal = 0;

  return {
    add(attribution) {
      const { grade, reason, retrieval } = attribution;
      total += 1;
      addCount(byReason, grade, reason, 1);
      bars.see(retrieval.at, grade);
      if (listed.length < rowCap && !full.has(listedName)) listed.push(readLine(attribution));
      const lines = toLookAt.get(grade);
      if (lines !== undefined) {
        toLookAtTotal += 1;
        if (lines.length < rowCap && !full.has(grade)) lines.push(readLine(attribution));
      }
      readers.see(attribution);
      if (attribution.job !== null && tied.has(grade)) repositories.add(attribution.job.repository);
    },
    take: () => ({
      total,
      byReason,
      bars: bars.take(),
      listed,
      toLookAt,
      toLookAtTotal,
      readers: readers.take(),
      repositories,
    }),
    absorb(share) {
      total += share.total;
      toLookAtTotal += share.toLookAtTotal;
      for (const [grade, reasons] of share.byReason)
        for (const [reason, count] of reasons) addCount(byReason, grade, reason, count);
      bars.absorb(share.bars);
      addUpTo(rowCap, listed, share.listed);
      for (const [grade, lines] of share.toLookAt) addUpTo(rowCap, toLookAt.get(grade) ?? [], lines);
      readers.absorb(share.readers);
      for (const repository of share.repositories) repositories.add(repository);
    },
    full: () => fullLists([[listedName, listed], ...toLookAt], rowCap),
    result: () => ({
      total,
      byGrade: new Map([...byReason].map(([grade, reasons]) => [grade, sum(reasons.values())])),
      byReason,
      bars: bars.result(),
      listed,
      toLookAt: [...toLookAt.values()].flat().slice(0, rowCap),
      toLookAtTotal,
      readers: readers.sorted(),
      readsByOtherReaders: readers.others(),
      repositories: repositories.size,
    }),
  };
}

/** Counts the reads of each grade for each bar of the chart. */
function countBars(period: ReportingPeriod) {
  const days = Math.max(1, Math.ceil((+period.to - +period.from) / dayMs));
  const daysPerBar = days > mostDailyBars ? 7 : 1;
  const barCount = Math.ceil(days / daysPerBar);
  const bars = new Map<number, Map<Grade, number>>();
  return {
    see(at: string, grade: Grade): void {
      const bar = Math.floor((Date.parse(at) - +period.from) / (dayMs * daysPerBar));
      addCount(bars, Math.min(barCount - 1, Math.max(0, bar)), grade, 1);
    },
    take: (): TalliedReads['bars'] => bars,
    absorb(share: TalliedReads['bars']): void {
      for (const [bar, counts] of share) for (const [grade, count] of counts) addCount(bars, bar, grade, count);
    },
    result: (): readonly ReadsBar[] =>
      Array.from({ length: barCount }, (_, index) => ({
        from: new Date(+period.from + index * daysPerBar * dayMs).toISOString().slice(0, 10),
        days: Math.min(daysPerBar, days - index * daysPerBar),
        counts: Object.fromEntries(bars.get(index) ?? []),
        total: sum(bars.get(index)?.values() ?? []),
      })),
  };
}

function addUpTo(most: number, known: ReadLine[], lines: readonly ReadLine[]): void {
  known.push(...lines.slice(0, most - known.length));
}

/** The names of the lists that hold as many lines as they may. */
function fullLists(lists: readonly (readonly [string, readonly ReadLine[]])[], most: number): ReadonlySet<string> {
  return new Set(lists.flatMap(([name, lines]) => (lines.length < most ? [] : [name])));
}

/** Counts the reads of each secret by each reader. */
function countReaders() {
  const all: Reader[] = [];
  // By secret and reader, one after the other: a key of both would be one more text for each read.
  const bySecret = new Map<string, Map<string, Reader>>();
  let others = 0;
  const find = (secret: string, reader: string) => bySecret.get(secret)?.get(reader);
  const add = (one: Reader): void => {
    const readers = bySecret.get(one.secret) ?? new Map<string, Reader>();
    if (readers.size === 0) bySecret.set(one.secret, readers);
    readers.set(one.reader, one);
    all.push(one);
  };
  return {
    take: () => all,
    others: () => others,
    /** Of one share all readers are kept: which of them are too many is known when the shares are added up. */
    see(attribution: Attribution): void {
      const secret = secretOf(attribution);
      const reader = shortened(attribution.job?.repository ?? readerOf(attribution), 120);
      const { at } = attribution.retrieval;
      const known = find(secret, reader);
      if (known === undefined) add({ secret, reader, count: 1, lastAt: at });
      else {
        known.count += 1;
        known.lastAt = at;
      }
    },
    absorb(share: TalliedReads['readers']): void {
      for (const { secret, reader, count, lastAt } of share) {
        const known = find(secret, reader);
        if (known !== undefined) {
          known.count += count;
          known.lastAt = lastAt;
        } else if (all.length < mostReaders) add({ secret, reader, count, lastAt });
        else others += count;
      }
    },
    sorted: () =>
      all
        .map((reader) => ({ ...reader, lastAt: secondText(reader.lastAt) }))
        .sort((a, b) => b.count - a.count || compareText(a.secret, b.secret) || compareText(a.reader, b.reader)),
  };
}

function addCount<One, Other>(counts: Map<One, Map<Other, number>>, one: One, other: Other, count: number): void {
  const inner = counts.get(one) ?? new Map<Other, number>();
  counts.set(one, inner.set(other, (inner.get(other) ?? 0) + count));
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

function readLine(attribution: Attribution): ReadLine {
  const { retrieval, grade, reason } = attribution;
  return {
    at: secondText(retrieval.at),
    secret: secretOf(attribution),
    version: retrieval.version?.slice(0, 8) ?? 'not set',
    grade,
    who: shortened(readerOf(attribution), 160),
    grant: retrieval.roleAssignment?.slice(0, 8) ?? null,
    reason,
    id: retrieval.id,
    correlationId: retrieval.correlationId,
  };
}

/** `owner/name 55/77.1` for a job, or else the identity that the row names. */
export function readerOf({ job, candidates, retrieval: { identity } }: Attribution): string {
  if (job !== null) return `${job.repository} ${String(job.runId)}/${String(job.jobId)}.${String(job.attempt)}`;
  if (candidates.length > 0) return `one of ${candidates.join(', ')}`;
  return (
    identity.userPrincipalName ??
    identity.managedIdentity?.split('/').at(-1) ??
    identity.objectId ??
    identity.applicationId ??
    'no identity in the row'
  );
}

function secretOf({ retrieval }: Attribution): string {
  return shortened(`${retrieval.vault}/${retrieval.secret ?? 'not set'}`, 120);
}
