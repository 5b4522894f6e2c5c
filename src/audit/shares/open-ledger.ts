import { createReadStream } from 'node:fs';
import { answeredAt, isContested, isSameReceipt, type ReceiptClaims } from '../attribution/receipt-index.ts';
import type { AuditedReceipt } from '../findings/finding-rule.ts';
import { openBuckets } from '../join/disk/bucket-file.ts';
import { Entries } from '../join/entry.ts';
import type { FiledByHash } from '../join/join-plan.ts';
import { readLedgerReceipt } from '../join/read-filed.ts';
import { type BlockReader, createBlockReader } from '../join/text-block.ts';
import { hashText } from '../join/text-hash.ts';
import { createWindowLoader, type WindowReceipt } from '../join/window-context.ts';
import { jobKey } from '../model/job-name.ts';
import { checkJob } from '../files/check-job.ts';
import { textLines } from '../../provenance/text-lines.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Job } from '../model/job.ts';
import type { FiledLedger } from './file-ledger.ts';
import type { Evidence } from './share-auditor.ts';

interface ShownReceipt extends AuditedReceipt {
  readonly isContested: boolean;
  /** Further places at which the same receipt is on record. */
  readonly also: readonly string[];
  /** Whether another receipt of the period is the same one: posted, and found in a log too. */
  readonly isRepeated: boolean;
}

/** The ledger of a period, as one thread reads it: in memory are only the windows of the rows in hand. */
export interface OpenLedger extends Evidence {
  /** Windows of time, in order. */
  readonly windows: number;
  /** The receipts of a window that were answered in the period; after all rows. */
  receiptsOf(window: number, period: ReportingPeriod, settledTo: number): Iterable<ShownReceipt>;
  /** The same of copies in other jobs' logs, which belong to no window. */
  copies(period: ReportingPeriod): AsyncIterable<ShownReceipt>;
  /** The jobs that were created or started in the period, each once, in order of their records. */
  jobs(period: ReportingPeriod): Iterable<Job>;
  close(): void;
}

export function openLedger(filed: FiledLedger): OpenLedger {
  const { setup, byHash, byTime } = filed;
  const reader = createBlockReader();
  const loader = createWindowLoader(setup, reader, byHash, byTime);
  const matched = new Uint8Array(filed.matched);
  const indexes = new WeakMap<object, ReturnType<Evidence['at']>>();

  function at(moment: number): ReturnType<Evidence['at']> {
    const window = loader.load(loader.windowOf(moment));
    let known = indexes.get(window);
    if (known === undefined) {
      // A row is matched, graded and judged by the same claims.
      known = { jobs: window.jobs, receipts: rememberClaims(window.receipts) };
      indexes.set(window, known);
    }
    return known;
  }

  function* receiptsOf(window: number, period: ReportingPeriod, settledTo: number): Generator<ShownReceipt> {
    const shown = new Set<string>();
    for (const one of loader.receiptsOf(window)) {
      if (one.at < period.from.getTime() || one.at >= period.to.getTime()) continue;
      const { jobs, receipts } = at(one.at);
      const [first = one.reference, ...also] = referencesOf(one, receipts);
      const isRepeated = first !== one.reference || shown.has(first);
      if (one.isShared) shown.add(first);
      const isMatched = ((matched[one.number >>> 3] ?? 0) & (1 << (one.number & 7))) !== 0;
      const isOpen = one.receipt.version === null || one.at >= settledTo;
      const job = jobs.find(one.receipt.job);
      const facts = { isCopy: false, isRepeated, also, matched: isMatched || !isOpen ? isMatched : null };
      yield { ...one, ...facts, job, isContested: isDisputed(one, receipts) };
    }
  }

  return {
    windows: byTime.windows.length + 1,
    at,
    match(correlationId, moment) {
      for (const { number } of at(moment).receipts.claims(correlationId))
        if (number !== undefined) Atomics.or(matched, number >>> 3, 1 << (number & 7));
    },
    receiptsOf,
    async *copies(period) {
      if (filed.copies === null) return;
      for await (const line of textLines(createReadStream(filed.copies))) {
        const one = readLedgerReceipt(JSON.parse(line), filed.copies, 0);
        const moment = answeredAt(one.receipt);
        if (moment < period.from.getTime() || moment >= period.to.getTime()) continue;
        const job = at(moment).jobs.find(one.receipt.job);
        yield { ...one, at: moment, job, isCopy: true, isRepeated: false, also: [], matched: null, isContested: true };
      }
    },
    jobs: (period) =>
      jobsWithin(period, { jobs: readJobs(setup, reader), repeated: findRepeated(byHash, setup.buckets) }, (job) =>
        at(period.from.getTime()).jobs.find(job),
      ),
    close() {
      loader.close();
      reader.close();
    },
  };
}

/** All records of jobs, a block in memory at a time. */
function* readJobs({ jobs: blocks }: FiledLedger['setup'], reader: BlockReader): Generator<Job> {
  for (const block of blocks) {
    const jobs: Job[] = [];
    reader.read(block, (line) => void jobs.push(checkJob(JSON.parse(line.text()), block.name)));
    yield* jobs;
  }
}

/** `find`: of two records of one attempt the one that counts. */
function* jobsWithin(
  period: ReportingPeriod,
  { jobs, repeated }: { readonly jobs: Iterable<Job>; readonly repeated: ReadonlySet<number> },
  find: (job: Job) => Job | null,
): Generator<Job> {
  const shown = new Set<string>();
  for (const job of jobs) {
    const key = jobKey(job);
    const isRepeated = repeated.has(hashText(key));
    const counts = isRepeated ? (find(job) ?? job) : job;
    if (shown.has(key) || !startedWithin(counts, period)) continue;
    if (isRepeated) shown.add(key);
    yield counts;
  }
}

function startedWithin({ startedAt, createdAt }: Job, { from, to }: ReportingPeriod): boolean {
  const at = Date.parse(startedAt ?? createdAt);
  return at >= from.getTime() && at < to.getTime();
}

/** Hashes of the keys that were filed more than once: a job that waited past the end of a month is on record twice. */
function findRepeated({ jobs }: FiledByHash, buckets: number): ReadonlySet<number> {
  const filed = openBuckets(jobs);
  const twice = new Set<number>();
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const entries = new Entries(filed.read(bucket, bucket + 1));
    const once = new Set<number>();
    for (let position = 0; position < entries.count; position += 1) {
      const hash = entries.hash(position);
      if (once.has(hash)) twice.add(hash);
      once.add(hash);
    }
  }
  filed.close();
  return twice;
}

/** Where the same receipt is on record, posted first. A receipt that nothing else resembles is not looked up. */
function referencesOf({ receipt, reference, isShared }: WindowReceipt, receipts: ReceiptClaims): readonly string[] {
  if (!isShared) return [reference];
  const id = receipt.requests.at(-1)?.id.toLowerCase() ?? '';
  return receipts.claims(id).flatMap((claim) => (isSameReceipt(claim.receipt, receipt) ? [claim.reference] : []));
}

/** Whether receipts of other jobs claim one of its requests. A single request that no other receipt names is not looked up. */
function isDisputed({ receipt, isShared }: WindowReceipt, receipts: ReceiptClaims): boolean {
  if (!isShared && receipt.requests.length === 1) return false;
  return receipt.requests.some(({ id }) => isContested(receipts.claims(id.toLowerCase())));
}

function rememberClaims(receipts: ReceiptClaims): ReceiptClaims {
  let last: { readonly id: string; readonly claims: ReturnType<ReceiptClaims['claims']> } | null = null;
  return {
    claims(correlationId) {
      if (last?.id === correlationId) return last.claims;
      const claims = receipts.claims(correlationId);
      last = { id: correlationId, claims };
      return claims;
    },
  };
}
