import { dayMs } from '../../secrets/duration.ts';
import { compareText } from '../../provenance/compare-text.ts';
import type { Attribution, Grade } from '../../audit/model/attribution.ts';
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
  'person',
  'unattributed',
  'claimed',
  'ambiguous',
];

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
}

/** Counts reads as they pass. `rowCap`: how many are kept as table rows. */
export function tallyRetrievals(
  period: ReportingPeriod,
  rowCap: number,
): { add(attribution: Attribution): void; result(): RetrievalTally } {
  const days = Math.max(1, Math.ceil((+period.to - +period.from) / dayMs));
  const daysPerBar = days > mostDailyBars ? 7 : 1;
  const counts = Array.from({ length: Math.ceil(days / daysPerBar) }, () => new Map<Grade, number>());
  const byGrade = new Map<Grade, number>();
  const byReason = new Map<Grade, Map<string, number>>();
  const readers = new Map<string, { secret: string; reader: string; count: number; lastAt: string }>();
  const listed: ReadLine[] = [];
  const toLookAt = new Map<Grade, ReadLine[]>(byRisk.map((grade) => [grade, []]));
  let total = 0;
  let toLookAtTotal = 0;
  let readsByOtherReaders = 0;

  return {
    add(attribution) {
      const { grade, reason, retrieval } = attribution;
      total += 1;
      byGrade.set(grade, (byGrade.get(grade) ?? 0) + 1);
      const reasons = byReason.get(grade) ?? new Map<string, number>();
      byReason.set(grade, reasons.set(reason, (reasons.get(reason) ?? 0) + 1));
      const bar = Math.floor((Date.parse(retrieval.at) - +period.from) / (dayMs * daysPerBar));
      const counted = counts[Math.min(counts.length - 1, Math.max(0, bar))];
      counted?.set(grade, (counted.get(grade) ?? 0) + 1);
      if (listed.length < rowCap) listed.push(readLine(attribution));
      const lines = toLookAt.get(grade);
      if (lines !== undefined) {
        toLookAtTotal += 1;
        if (lines.length < rowCap) lines.push(readLine(attribution));
      }
      countReader(attribution);
    },
    result: () => ({
      total,
      byGrade,
      byReason,
      bars: counts.map((grades, index) => ({
        from: new Date(+period.from + index * daysPerBar * dayMs).toISOString().slice(0, 10),
        days: Math.min(daysPerBar, days - index * daysPerBar),
        counts: Object.fromEntries(grades),
        total: [...grades.values()].reduce((sum, count) => sum + count, 0),
      })),
      listed,
      toLookAt: [...toLookAt.values()].flat().slice(0, rowCap),
      toLookAtTotal,
      readers: [...readers.values()].sort(
        (a, b) => b.count - a.count || compareText(a.secret, b.secret) || compareText(a.reader, b.reader),
      ),
      readsByOtherReaders,
    }),
  };

  function countReader(attribution: Attribution): void {
    const secret = secretOf(attribution);
    const reader = shortened(attribution.job?.repository ?? readerOf(attribution), 120);
    const key = `${secret}\n${reader}`;
    const known = readers.get(key);
    if (known === undefined && readers.size >= mostReaders) readsByOtherReaders += 1;
    else
      readers.set(key, {
        secret,
        reader,
        count: (known?.count ?? 0) + 1,
        lastAt: secondText(attribution.retrieval.at),
      });
  }
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
