import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RecordStore } from '../../records/record-store.ts';
import { emptyPolicy } from '../../secrets/policy.ts';
import { answeredAt } from '../attribution/receipt-index.ts';
import { jobsOf } from '../collection/job-ledger.ts';
import { type LedgerReceipt, receiptsOf } from '../collection/receipt-ledger.ts';
import { planJoin } from '../join/attribute-files.ts';
import type { FiledByHash, FiledByTime, JoinDivision, JoinSetup } from '../join/join-plan.ts';
import { fileEntries } from '../join/partitioned-join.ts';
import { startThreads } from '../join/thread-pool.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { jobKey } from '../model/job-name.ts';

/** The ledger of a period on disk, where every thread finds jobs and receipts by hash and by time. */
export interface FiledLedger {
  readonly setup: JoinSetup;
  readonly byHash: FiledByHash;
  readonly byTime: FiledByTime;
  /** Receipts in another job's log than their own, one a line. */
  readonly copies: string;
  /** One bit for each receipt: whether a row has one of its ids. */
  readonly matched: SharedArrayBuffer;
  readonly counts: { readonly posted: number; readonly logged: number };
  /** Keys of jobs whose log was read whole. */
  readonly harvested: ReadonlySet<string>;
}

/**
 * Runners' clocks differ from the vault's, so a receipt near the period's edge may belong to a row on the other side.
 */
const edgeMs = 60_000;

/** Writes the jobs and receipts that may speak of a period into files of the folder, one record in memory at a time. */
export async function fileLedger(
  records: RecordStore,
  period: ReportingPeriod,
  folder: string,
  division: Partial<JoinDivision> = {},
): Promise<FiledLedger> {
  const files = { jobs: join(folder, 'jobs.ndjson'), receipts: join(folder, 'receipts.ndjson') };
  const jobs = lineFile(files.jobs);
  for await (const job of jobsOf(records, period)) await jobs.add(JSON.stringify(job));
  await jobs.end();
  const copies = join(folder, 'copies.ndjson');
  const own = lineFile(files.receipts);
  const copied = lineFile(copies);
  const harvested = new Set<string>();
  const counts = { posted: 0, logged: 0 };
  let receipts = 0;
  for await (const one of receiptsOf(records, period, (key) => harvested.add(key))) {
    const at = answeredAt(one.receipt);
    if (Number.isNaN(at) || at < period.from.getTime() - edgeMs || at >= period.to.getTime() + edgeMs) continue;
    if (at >= period.from.getTime() && at < period.to.getTime()) counts[one.channel] += 1;
    if (isCopy(one)) await copied.add(ledgerLine(one, at));
    else {
      receipts += 1;
      await own.add(ledgerLine(one, at));
    }
  }
  await own.end();
  await copied.end();
  const setup = { ...(await planJoin(folder, emptyPolicy, { ...files, retrievals: null, division })), isLedger: true };
  const threads = startThreads(setup);
  try {
    const { byHash, byTime } = await fileEntries(setup, threads);
    const matched = new SharedArrayBuffer(Math.ceil(receipts / 8));
    return { setup, byHash, byTime, copies, matched, counts, harvested };
  } finally {
    await threads.close();
  }
}

function isCopy({ log, receipt }: LedgerReceipt): boolean {
  return log !== null && jobKey(log) !== jobKey(receipt.job);
}

function ledgerLine({ receipt, ...kept }: LedgerReceipt, at: number): string {
  // The index reads receipts as files hold posted ones.
  return JSON.stringify({ postedAt: new Date(at).toISOString(), receipt, kept });
}

const pieceLength = 1 << 18;

/** Lines that are written in pieces. */
function lineFile(path: string): { add(line: string): Promise<void>; end(): Promise<void> } {
  const stream = createWriteStream(path);
  let piece = '';
  const flush = async () => {
    const whole = piece;
    piece = '';
    if (!stream.write(whole)) await once(stream, 'drain');
  };
  return {
    async add(line) {
      piece += `${line}\n`;
      if (piece.length >= pieceLength) await flush();
    },
    async end() {
      await flush();
      stream.end();
      await once(stream, 'close');
    },
  };
}
