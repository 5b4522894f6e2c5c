import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hourMs } from '../../secrets/duration.ts';
import { emptyPolicy, type Policy } from '../../secrets/policy.ts';
import type { Grade } from '../model/attribution.ts';
import type { OperationKind } from '../model/retrieval.ts';
import type { UnreadableRows } from '../files/count-unreadable.ts';
import type { JoinDivision, JoinSetup } from './join-plan.ts';
import { createLineWriter } from './disk/line-writer.ts';
import { joinPartitioned } from './partitioned-join.ts';
import { filesOf, unreadable } from '../files/read-json-lines.ts';
import { createScratchFolder } from './disk/scratch-folder.ts';
import { cutIntoBlocks, type TextBlock } from './text-block.ts';

/** The files to join. Without jobs, receipts or a policy the result says what is missing. */
export interface FilesToAttribute {
  /** A file of rows, or a folder of such files: AZKVAuditLogs, AzureDiagnostics, archive records, or `{"record": …}`. */
  readonly retrievals: string;
  /** One `Job` per line. */
  readonly jobs?: string | null;
  /**
   * One receipt per line, bare (as found in a log), or in the ledger's form for posted ones: `{"postedAt", "receipt"}`.
   */
  readonly receipts?: string | null;
  readonly policy?: Policy;
  /** The output file or stream; defaults to standard output. */
  readonly out?: string | Writable | null;
  /** How the work is divided; it has no influence on the result. */
  readonly division?: Partial<JoinDivision>;
}

export interface AttributedFiles {
  /** All rows, parsed or not. */
  readonly rows: number;
  /** Rows that disclosed a value, and so were attributed. */
  readonly attributed: number;
  readonly kinds: Readonly<Partial<Record<OperationKind, number>>>;
  readonly grades: Readonly<Partial<Record<Grade, number>>>;
  readonly unreadable: number;
  /** The first rows that could not be parsed, with place and reason. */
  readonly unreadableRows: readonly { readonly place: string; readonly reason: string }[];
  /** All rows that could not be parsed, by reason. */
  readonly unreadableReasons: readonly UnreadableRows[];
  /** What keeps rows from a better grade, in plain words. Empty if nothing does. */
  readonly lacks: readonly string[];
}

const kilobyte = 1024;

/** Less than this is joined at once in the calling thread: it takes less time than starting a thread. */
const fewBytes = 8 * kilobyte * kilobyte;

const usualDivision: Omit<JoinDivision, 'threads'> = {
  blockBytes: 4 * kilobyte * kilobyte,
  slotMs: hourMs,
  entriesAWindow: 2_048,
  fewWindows: 4,
  worthLoading: 32,
  windowsHeld: 6,
};

/** Entries are looked up in buckets of about 800, whose lines have together about this many bytes. */
const bytesABucket = 400 * kilobyte;
const mostBuckets = 1 << 16;

/**
 * Joins files: writes one line for each row that disclosed a value, in the order of the rows, with `id`, `grade`, `job`
 * or `candidates`, `reason` and `evidence`. Uses all cores, and memory that follows what a window of time holds; what it
 * files on disk takes about a tenth of the jobs and receipts, and rows that are out of order once more. A row that occurs
 * in several files is written each time, with the same id.
 * @throws ServiceError `FILE_MISSING`; `RECORD_UNREADABLE` for a file that cannot be opened, or an invalid job or receipt, with its
 * place; `OUTPUT_NOT_WRITTEN`.
 */
export async function attributeFiles(files: FilesToAttribute): Promise<AttributedFiles> {
  const folder = await createScratchFolder(new Date());
  try {
    const policy = files.policy ?? emptyPolicy;
    const setup = await planJoin(folder, policy, files);
    const joined = await joinPartitioned(setup, async () => await createLineWriter(files.out ?? null));
    const { jobCount, receiptCount, ...counts } = joined;
    const lacks = describeMissingInputs({ jobCount, receiptCount, policy });
    return { ...counts, attributed: counts.kinds.read ?? 0, lacks };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Cuts the files into blocks, which threads can share. `folder`: for the join's own files. */
export async function planJoin(
  folder: string,
  policy: Policy,
  files: Pick<FilesToAttribute, 'jobs' | 'receipts' | 'division'> & { readonly retrievals: string | null },
): Promise<JoinSetup> {
  const blockBytes = files.division?.blockBytes ?? usualDivision.blockBytes;
  const cut = async (path: string | null, copies: string) =>
    path === null ? [] : await cutFiles(path, join(folder, copies), blockBytes);
  const jobs = await cut(files.jobs ?? null, 'jobs');
  const receipts = await cut(files.receipts ?? null, 'receipts');
  const retrievals = await cut(files.retrievals, 'retrievals');
  const bytes = bytesOf(jobs) + bytesOf(receipts);
  const isSmall = bytes + bytesOf(retrievals) < fewBytes;
  const threads = isSmall ? 0 : availableParallelism();
  return {
    folder,
    policy,
    division: { ...usualDivision, threads, ...files.division },
    jobs,
    receipts,
    retrievals,
    isLedger: false,
    buckets: Math.min(mostBuckets, Math.ceil(bytes / bytesABucket) + 1),
  };
}

async function cutFiles(path: string, copies: string, blockBytes: number): Promise<readonly TextBlock[]> {
  const blocks: TextBlock[] = [];
  for await (const file of filesOf(path)) {
    try {
      const isRegular = (await stat(file)).isFile();
      const readable = isRegular ? file : `${copies}-${String(blocks.length)}`;
      // A pipe can be read only once, and not in pieces.
      if (!isRegular) await pipeline(createReadStream(file), createWriteStream(readable));
      blocks.push(...(await cutIntoBlocks(readable, file, blockBytes)));
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
  return blocks;
}

function bytesOf(blocks: readonly TextBlock[]): number {
  return blocks.reduce((sum, { from, to }) => sum + to - from, 0);
}

function describeMissingInputs(given: {
  readonly jobCount: number;
  readonly receiptCount: number;
  readonly policy: Policy;
}): string[] {
  return [
    ...(given.jobCount === 0 ? ['No jobs were given, so no read can be tied to a job.'] : []),
    ...(given.receiptCount === 0 ? ['No receipts were given, so no read can be better than inferred or claimed.'] : []),
    ...(given.policy.identities.size === 0
      ? ['No policy names the identities of runners, so no read can be better than claimed.']
      : []),
  ];
}
