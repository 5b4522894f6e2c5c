import { judgeRow, prepareRow } from '../attribution/attribute-retrievals.ts';
import { indexBrokerReads } from '../attribution/broker-index.ts';
import { indexRotations } from '../attribution/rotation-index.ts';
import type { AttributionContext } from '../attribution/rules/attribution-rule.ts';
import type { ReceiptClaim } from '../attribution/receipt-index.ts';
import type { Policy } from '../../secrets/policy.ts';
import type { Grade } from '../model/attribution.ts';
import type { Retrieval } from '../model/retrieval.ts';
import type { LineMemory } from '../parsing/line-memory.ts';
import { platformApplications } from '../parsing/operation-kinds.ts';
import { createRowScanner } from '../parsing/row-scanner.ts';
import type { BucketWriter } from './bucket-file.ts';
import { createGradedLines, type LinesOfBlocks } from './graded-lines.ts';
import type { JoinSetup } from './join-plan.ts';
import { headBytes, visitNumberedLines, writeHead } from './numbered-lines.ts';
import { createRowReader, readAgain, type ReadRow, type ReadRows } from './read-rows.ts';
import type { BlockReader, TextBlock } from './text-block.ts';
import type { WindowIndexes, WindowLoader } from './window-context.ts';

/** What one block of rows came to. */
export interface GradedBlock extends ReadRows {
  readonly grades: ReadonlyMap<Grade, number>;
  /** The lines of the rows that were graded, in order; numbered where rows are missing that were put by. */
  readonly text: Uint8Array;
  /** Rows of far windows, which are graded after all blocks were read. */
  readonly putBy: number;
}

/** What the rows of one window came to that had been put by; their lines are numbered. */
export interface GradedRows extends LinesOfBlocks {
  readonly grades: ReadonlyMap<Grade, number>;
}

/** A row whose window is not in memory yet. */
interface WaitingRow {
  readonly number: number;
  /** The row as JSON: bytes of the block, or text. */
  readonly json: string | { readonly from: number; readonly to: number };
}

/** The context of a window, whose receipts can be asked by the hash of the id. */
interface WindowContext extends AttributionContext {
  readonly receipts: WindowIndexes['receipts'];
}

/**
 * Grades rows by the indexes of the window in which they lie. A row whose window is not in memory waits until the window has
 * enough of them to be worth loading. When rows of too many windows wait, the block is out of order, and they are put by.
 */
export function createGrader(
  { policy, division }: JoinSetup,
  loader: WindowLoader,
  reader: BlockReader,
  memory: LineMemory | null,
  putBy: () => BucketWriter,
) {
  const contextOf = createContexts(policy, loader);
  const scanner = createRowScanner(memory);
  const again = readAgain(scanner);
  const lines = createGradedLines();
  const waiting = new Map<number, WaitingRow[]>();
  let grades = new Map<Grade, number>();
  /** The block in hand. `away`: how many of its rows were put by. */
  const inHand = { number: 0, bytes: Buffer.alloc(0) as Buffer, away: 0 };

  function begin(): void {
    grades = new Map();
    lines.clear();
  }

  function grade({ retrieval, moment, requestHash }: ReadRow, block: number, row: number, context: WindowContext) {
    const claims = requestHash === null ? noClaims : claimsOn(retrieval, requestHash, context);
    const verdict = judgeRow(prepareRow(retrieval, moment, policy, claims), context);
    grades.set(verdict.grade, (grades.get(verdict.grade) ?? 0) + 1);
    lines.add(block, row, retrieval.id, verdict);
  }

  function gradeWaiting(window: number, rows: readonly WaitingRow[]): void {
    const context = contextOf(window);
    for (const { number: row, json } of rows) {
      const read = typeof json === 'string' ? again.text(json) : again.bytes(inHand.bytes, json.from, json.to);
      grade(read, inHand.number, row, context);
    }
    waiting.delete(window);
  }

  function putAllBy(): void {
    for (const [window, rows] of waiting) {
      inHand.away += rows.length;
      for (const row of rows) putBy().add(window, filedRow(inHand.number, row, inHand.bytes));
    }
    waiting.clear();
  }

  const readRows = createRowReader(scanner, reader, (found, row, json, line) => {
    inHand.bytes = line.bytes;
    const window = loader.windowOf(found.moment);
    if (loader.isHeld(window)) {
      grade(found, inHand.number, row, contextOf(window));
      return;
    }
    const rows = waiting.get(window) ?? [];
    if (rows.length === 0) waiting.set(window, rows);
    rows.push({ number: row, json: json === null ? { from: line.from, to: line.to } : JSON.stringify(json) });
    if (rows.length >= division.worthLoading) gradeWaiting(window, rows);
    else if (waiting.size > division.fewWindows) putAllBy();
  });

  return {
    /** Grades a block's rows as they come. */
    gradeBlock(block: TextBlock, number: number): GradedBlock {
      begin();
      Object.assign(inHand, { number, away: 0 });
      const read = readRows(block);
      for (const [window, rows] of waiting) gradeWaiting(window, rows);
      return { ...read, grades, text: lines.takeBlock(inHand.away > 0), putBy: inHand.away };
    },

    /** Grades rows that were put by. */
    gradeFiledRows(window: number, filed: Buffer): GradedRows {
      begin();
      const context = contextOf(window);
      visitNumberedLines(filed, (block, record, from, to) => {
        grade(again.bytes(record, from + numberBytes, to), block, record.readUInt32LE(from), context);
      });
      return { grades, ...lines.takeBlocks() };
    },
  };
}

const noClaims: readonly ReceiptClaim[] = [];

function claimsOn(retrieval: Retrieval, requestHash: number, { receipts }: WindowContext): readonly ReceiptClaim[] {
  return receipts.mayClaim(requestHash) ? receipts.claims(retrieval.correlationId ?? '') : noClaims;
}

/** What the rules know of each window. */
function createContexts(policy: Policy, loader: WindowLoader): (window: number) => WindowContext {
  const fixed = {
    policyAt: () => policy,
    rotations: indexRotations([]),
    broker: indexBrokerReads([]),
    platformApplications,
    isHarvested: () => false,
    ledgerCompleteTo: null,
  };
  const contexts = new WeakMap<WindowIndexes, WindowContext>();
  let last: { readonly indexes: WindowIndexes; readonly context: WindowContext } | null = null;
  return (window) => {
    const indexes = loader.load(window);
    if (last?.indexes === indexes) return last.context;
    const context = contexts.get(indexes) ?? { ...fixed, ...indexes };
    contexts.set(indexes, context);
    last = { indexes, context };
    return context;
  };
}

/** Of the number of a row in its block, before the row. */
const numberBytes = 4;

/** The block, the number of the row in it, and the row. */
function filedRow(block: number, { number, json }: WaitingRow, bytes: Buffer): Buffer {
  const row = typeof json === 'string' ? Buffer.from(json) : bytes.subarray(json.from, json.to);
  const record = Buffer.allocUnsafe(headBytes + numberBytes + row.length);
  writeHead(record, 0, block, numberBytes + row.length);
  record.writeUInt32LE(number, headBytes);
  record.set(row, headBytes + numberBytes);
  return record;
}
