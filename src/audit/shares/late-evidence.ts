import type { RecordStore } from '../../records/record-store.ts';
import { answeredAt } from '../attribution/receipt-index.ts';
import { jobsOf } from '../collection/job-ledger.ts';
import { type LedgerReceipt, receiptsOf } from '../collection/receipt-ledger.ts';
import { hashText } from '../join/text-hash.ts';
import type { JobRecord, ReportingPeriod } from '../model/audited-period.ts';
import { jobKey } from '../model/job-name.ts';
import type { Job } from '../model/job.ts';

/** The jobs and receipts that a sealed pack lists, as 52 bits of each: beside five million, one that is late is overlooked once in a thousand million. */
export interface SealedEvidence {
  /** Adds a row of `jobs.ndjson`. */
  job(job: JobRecord): void;
  /** Adds a row of `receipts.ndjson`. */
  receipt(row: { readonly reference: string; readonly requests: readonly string[] }): void;
  /**
   * Whether the records have a job of the period, or its end, or a receipt that was answered in it, that the pack does not
   * list, or a log read whole that the pack says was not: it was recorded after the seal. Stops at the first.
   */
  isBehind(records: RecordStore, period: ReportingPeriod): Promise<boolean>;
}

export function sealedEvidence(): SealedEvidence {
  const jobs = new Map<number, number>();
  const receipts = new Set<number>();
  const openLogs = new Set<number>();
  return {
    job(job) {
      const key = hashText(jobKey(job));
      jobs.set(key, hashText(stateOf(job)));
      if (!job.logReadWhole) openLogs.add(key);
    },
    receipt({ reference, requests }) {
      receipts.add(hashText(reference));
      const last = requests.at(-1);
      if (last !== undefined) receipts.add(hashText(last.toLowerCase()));
    },
    isBehind: async (records, period) =>
      (await hasLateReceipt(records, period, { receipts, openLogs })) || (await hasLateJob(records, period, jobs)),
  };
}

/** A receipt that the pack does not list, or a log that was read whole since. */
async function hasLateReceipt(
  records: RecordStore,
  period: ReportingPeriod,
  sealed: { readonly receipts: ReadonlySet<number>; readonly openLogs: ReadonlySet<number> },
): Promise<boolean> {
  const lateLogs: string[] = [];
  const readWhole = (key: string) => {
    if (sealed.openLogs.has(hashText(key))) lateLogs.push(key);
  };
  for await (const one of receiptsOf(records, period, readWhole)) {
    const at = answeredAt(one.receipt);
    const isWithin = at >= period.from.getTime() && at < period.to.getTime();
    if (lateLogs.length > 0 || (isWithin && !sealed.receipts.has(hashText(nameOf(one))))) return true;
  }
  return lateLogs.length > 0;
}

/** A pack lists a receipt once, whether it was posted, logged or both; a copy in another job's log is a row of its own. */
function nameOf({ receipt, log, reference }: LedgerReceipt): string {
  const { job, requests } = receipt;
  const isCopy = log !== null && jobKey(log) !== jobKey(job);
  return isCopy ? reference : (requests.at(-1)?.id.toLowerCase() ?? reference);
}

async function hasLateJob(
  records: RecordStore,
  { from, to }: ReportingPeriod,
  sealed: ReadonlyMap<number, number>,
): Promise<boolean> {
  const isWithin = ({ startedAt, createdAt }: Job) => {
    const at = Date.parse(startedAt ?? createdAt);
    return at >= from.getTime() && at < to.getTime();
  };
  // A job that waited past the end of a month is on record twice: one of the two is as the pack lists it.
  const differing = new Set<number>();
  const agreeing = new Set<number>();
  for await (const job of jobsOf(records, { from, to })) {
    if (!isWithin(job)) continue;
    const key = hashText(jobKey(job));
    (sealed.get(key) === hashText(stateOf(job)) ? agreeing : differing).add(key);
  }
  return [...differing].some((key) => !agreeing.has(key));
}

/** What of a job decides grades and tests, and may be learnt after a seal. Names may change and change nothing. */
function stateOf({ status, startedAt, completedAt, known, endedBetween }: Job): string {
  return [status, startedAt, completedAt, known, endedBetween === undefined ? '' : 'end not stated'].join('\n');
}
