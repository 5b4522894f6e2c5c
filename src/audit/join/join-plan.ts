import type { Policy } from '../../secrets/policy.ts';
import type { BucketDirectory } from './disk/bucket-file.ts';
import type { TextBlock } from './text-block.ts';

/** How a join is divided. The division changes time and memory, never the result. */
export interface JoinDivision {
  /** Bytes of a file that are read at once. */
  readonly blockBytes: number;
  /** Jobs and receipts are filed by slots of this length (milliseconds). */
  readonly slotMs: number;
  /** Jobs and receipts of neighbouring slots are loaded together up to this number. */
  readonly entriesAWindow: number;
  /** Rows of so many windows may wait at once; fewer than `windowsHeld`, or neighbours would drive each other out. */
  readonly fewWindows: number;
  /** So many waiting rows make it worth loading their window. */
  readonly worthLoading: number;
  /** Windows that a thread holds at once. */
  readonly windowsHeld: number;
  /** Threads; 0: all in the calling thread. */
  readonly threads: number;
}

/** What every thread knows from the start. */
export interface JoinSetup {
  readonly folder: string;
  readonly policy: Policy;
  readonly division: JoinDivision;
  readonly jobs: readonly TextBlock[];
  readonly receipts: readonly TextBlock[];
  readonly retrievals: readonly TextBlock[];
  /** Whether the receipts are those of the ledger, each with how it was kept. */
  readonly isLedger: boolean;
  /** Jobs and receipts are also filed by their hash, in this many buckets. */
  readonly buckets: number;
}

/** The entries as they are in the files: by the hash of the job's key or the request id. */
export interface FiledByHash {
  readonly jobs: readonly BucketDirectory[];
  readonly receipts: readonly BucketDirectory[];
  /** Number of the first line of each block of receipts, from 1. */
  readonly firstLines: readonly number[];
  /** Lines of all files before each block of receipts. */
  readonly linesBefore: readonly number[];
  readonly jobCount: number;
  readonly filter: SharedArrayBuffer;
}

/** The entries by when they count. */
export interface FiledByTime {
  readonly jobs: readonly BucketDirectory[];
  readonly receipts: readonly BucketDirectory[];
  /** The first slot of each window but the first, ascending. */
  readonly windows: readonly number[];
}
