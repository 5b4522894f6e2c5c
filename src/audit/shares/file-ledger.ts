import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { dirname, join, relative } from 'node:path';
import type { RecordStore } from '../../records/record-store.ts';
import { emptyPolicy } from '../../secrets/policy.ts';
import { answeredAt } from '../attribution/receipt-index.ts';
import { jobsOf } from '../collection/job-ledger.ts';
import { type LedgerReceipt, receiptsOf } from '../collection/receipt-ledger.ts';
import { planJoin } from '../join/attribute-files.ts';
import type { FiledByHash, FiledByTime, JoinDivision, JoinSetup } from '../join/join-plan.ts';
import { fileEntries } from '../join/partitioned-join.ts';
import type { TextBlock } from '../join/text-block.ts';
import { startThreads } from '../join/thread-pool.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { jobKey } from '../model/job-name.ts';

/** Jobs and receipts on disk, where every thread finds them by hash and by time. */
export interface FiledLedger {
  readonly setup: JoinSetup;
  readonly byHash: FiledByHash;
  readonly byTime: FiledByTime;
  /** Receipts in another job's log than their own, one a line; `null` where that is not known. */
  readonly copies: string | null;
  /** One bit for each receipt: whether a row has one of its ids. */
  readonly matched: SharedArrayBuffer;
  readonly jobCount: number;
  readonly receiptCount: number;
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
  for await (const one of receiptsOf(records, period, (key) => harvested.add(key))) {
    const at = answeredAt(one.receipt);
    if (Number.isNaN(at) || at < period.from.getTime() - edgeMs || at >= period.to.getTime() + edgeMs) continue;
    await (isCopy(one) ? copied : own).add(ledgerLine(one, at));
  }
  await own.end();
  await copied.end();
  const setup = {
    ...(await planJoin(folder, emptyPolicy, { ...files, retrievals: null, division: { ...inOrder, ...division } })),
    isLedger: true,
  };
  return { ...(await index(setup)), copies, harvested };
}

/**
 * Files the jobs and receipts of files, in the forms that `keyturn attribute` reads. Evidence names them as
 * `receipt FILE:LINE`, with paths below the folder of the file that was given.
 * @throws ServiceError `FILE_MISSING`; `RECORD_UNREADABLE` with the place of the first invalid entry.
 */
export async function fileEvidence(
  { jobs, receipts }: { readonly jobs: string | null; readonly receipts: string | null },
  folder: string,
): Promise<FiledLedger> {
  const setup = await planJoin(folder, emptyPolicy, { jobs, receipts, retrievals: null, division: inOrder });
  const filed = await index(setup);
  const above = receipts === null ? '' : dirname(receipts);
  const named = setup.receipts.map((block) => ({ ...block, name: relative(above, block.name) }));
  return { ...filed, setup: { ...setup, receipts: named }, copies: null, harvested: new Set() };
}

/**
 * The rows of a report are audited in order of their times, and so need no window again. Jobs and receipts are read a
 * megabyte at a time: with four, the threads that file them leave 20 MB more behind, for no less time.
 */
const inOrder = { windowsHeld: 2, blockBytes: 1 << 20 };

async function index(setup: JoinSetup): Promise<Omit<FiledLedger, 'copies' | 'harvested'>> {
  const threads = startThreads(setup);
  try {
    const filed = await fileEntries(setup, threads);
    const last = filed.byHash.linesBefore.at(-1) ?? 0;
    // A line has at least one byte.
    const lines = last + bytesOf(setup.receipts.at(-1));
    return { setup, ...filed, matched: new SharedArrayBuffer(Math.ceil(lines / 8) + 1) };
  } finally {
    await threads.close();
  }
}

function bytesOf(block: TextBlock | undefined): number {
  return block === undefined ? 0 : block.to - block.from;
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
