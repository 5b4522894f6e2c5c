import { join } from 'node:path';
import { checkJob } from '../files/check-job.ts';
import { type BucketDirectory, type BucketReader, createBucketWriter, openBuckets } from './disk/bucket-file.ts';
import { createGrader, type GradedBlock } from './grade-block.ts';
import {
  fileJobsByTime,
  fileReceiptsByTime,
  createJobIndexer,
  createReceiptIndexer,
  type IndexedBlock,
} from './index-entries.ts';
import type { FiledByHash, FiledByTime, JoinSetup } from './join-plan.ts';
import type { Grade } from '../model/attribution.ts';
import { createLineMemory } from '../parsing/line-memory.ts';
import { createJobScanner } from '../files/job-scanner.ts';
import { createLateFiles, type LateSteps, opened } from './disk/late-files.ts';
import { createReceiptScanner } from './receipt-scanner.ts';
import { openFilter } from './request-filter.ts';
import { blockAt, createBlockReader } from './text-block.ts';
import { createWindowLoader, type WindowLoader } from './window-context.ts';

/** Jobs and receipts that one thread filed. */
export interface FiledEntries {
  readonly jobs: BucketDirectory;
  readonly receipts: BucketDirectory;
}

/**
 * What one thread does for a join, in this order. Each block, range of buckets and window is given to one thread; what
 * `close…` returns of all threads is given to each.
 */
export interface JoinThread extends LateSteps {
  indexJobs(block: number): IndexedBlock;
  indexReceipts(block: number): IndexedBlock;
  closeIndex(nothing: null): FiledEntries;
  openByHash(filed: FiledByHash): null;
  /** Files the entries of the buckets from `from` until before `to` by time. */
  fileByTime(range: { readonly from: number; readonly to: number }): null;
  closeTimes(nothing: null): FiledEntries;
  openByTime(filed: FiledByTime): null;
  grade(block: number): GradedBlock;
  /** Grades the rows of a window that were put by. */
  gradePutBy(window: number): ReadonlyMap<Grade, number>;
  close(nothing: null): null;
}

/** `number`: of the thread, so that each has files of its own in the folder. */
export function createJoinThread(setup: JoinSetup, number: number): JoinThread {
  const { folder, buckets, division } = setup;
  const fileIn = (name: string) => join(folder, `${name}-${String(number)}`);
  const memory = createLineMemory();
  const reader = createBlockReader(memory, division.blockBytes);
  const records = createBlockReader();
  const scanner = createReceiptScanner(memory);
  const late = createLateFiles(fileIn, memory);
  const open = new Set<{ close(): void }>([reader, records, late]);
  let filing = openFiling('by-hash');
  const indexJobs = createJobIndexer(reader, filing.jobs, buckets, createJobScanner(memory));
  const indexReceipts = createReceiptIndexer(reader, filing.receipts, buckets, scanner);
  let byHash: FiledByHash | null = null;
  let entries: { readonly jobs: BucketReader; readonly receipts: BucketReader } | null = null;
  let loader: WindowLoader | null = null;
  let grader: ReturnType<typeof createGrader> | null = null;

  function openFiling(name: string) {
    return {
      jobs: createBucketWriter(fileIn(`jobs-${name}`)),
      receipts: createBucketWriter(fileIn(`receipts-${name}`)),
    };
  }
  const closeFiling = (): FiledEntries => ({ jobs: filing.jobs.close(), receipts: filing.receipts.close() });
  function keep<Reader extends { close(): void }>(one: Reader): Reader {
    open.add(one);
    return one;
  }

  return {
    indexJobs: (block) => indexJobs(blockAt(setup.jobs, block), block),
    indexReceipts: (block) => indexReceipts(blockAt(setup.receipts, block), block),
    closeIndex: closeFiling,
    openByHash(filed) {
      byHash = filed;
      entries = { jobs: keep(openBuckets(filed.jobs)), receipts: keep(openBuckets(filed.receipts)) };
      filing = openFiling('by-time');
      return null;
    },
    fileByTime({ from, to }) {
      const { jobs, receipts } = opened(entries);
      fileJobsByTime(jobs.read(from, to), division.slotMs, filing.jobs, ({ block, offset, length }) => {
        const text = records.bytesAt(blockAt(setup.jobs, block), offset, length).toString('utf8');
        return checkJob(JSON.parse(text), '');
      });
      const filter = openFilter(opened(byHash).filter);
      fileReceiptsByTime(receipts.read(from, to), division.slotMs, filing.receipts, filter);
      return null;
    },
    closeTimes: closeFiling,
    openByTime(byTime) {
      loader = keep(createWindowLoader(setup, records, opened(byHash), byTime, scanner, memory));
      grader = createGrader(setup, loader, reader, memory, late);
      return null;
    },
    grade: (block) => opened(grader).gradeBlock(blockAt(setup.retrievals, block), block),
    closePutBy: late.closePutBy,
    openPutBy: late.openPutBy,
    gradePutBy: (window) => opened(grader).gradePutBy(window, late.rowsOf(window)),
    closeLines: late.closeLines,
    openLines: late.openLines,
    takeLines: late.takeLines,
    close() {
      for (const one of open) one.close();
      return null;
    },
  };
}
