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
import { createGradedLines } from './graded-lines.ts';
import type { JoinSetup } from './join-plan.ts';
import type { LateFiles } from './disk/late-files.ts';
import { visitAlike } from './disk/put-by-rows.ts';
import { createRowReader, readAgain, type ReadRow, type ReadRows } from './read-rows.ts';
import type { BlockLine, BlockReader, TextBlock } from './text-block.ts';
import type { WindowIndexes, WindowLoader } from './window-context.ts';

/** What one block of rows came to. */
export interface GradedBlock extends ReadRows {
  readonly grades: ReadonlyMap<Grade, number>;
  /** The lines of the rows that were graded, in order; empty if rows were put by, and the lines filed. */
  readonly text: Uint8Array;
  /** Rows of far windows, which are graded after all blocks were read. */
  readonly putBy: number;
}

/** A row whose window is not in memory yet: bytes of the block, or of its own. */
interface WaitingRow {
  readonly number: number;
  readonly likeness: number;
  readonly own: Buffer | null;
  readonly from: number;
  readonly to: number;
}

/** The context of a window, whose receipts can be asked by the hash of the id. */
interface WindowContext extends AttributionContext {
  readonly receipts: WindowIndexes['receipts'];
}

/**
 * Grades rows by the indexes of the window in which they lie. A row whose window is not in memory waits until the window has
 * enough of them to be worth loading. When rows of too many windows wait, the block is out of order: they are put by, and so
 * is what follows.
 */
export function createGrader(
  { policy, division }: JoinSetup,
  loader: WindowLoader,
  reader: BlockReader,
  memory: LineMemory | null,
  late: LateFiles,
) {
  const contextOf = createContexts(policy, loader);
  const scanner = createRowScanner(memory);
  const again = readAgain(scanner);
  /** Rows that were put by are compared with their like, so they have a scanner of their own. */
  const alike = readAgain(createRowScanner(memory));
  const lines = createGradedLines();
  const waiting = createWaitingRows(division, gradeWaiting, putBy);
  let grades = new Map<Grade, number>();
  /** The block in hand. `away`: how many of its rows were put by. */
  const inHand = { number: 0, bytes: Buffer.alloc(0) as Buffer, away: 0 };

  function begin(): void {
    grades = new Map();
    lines.clear();
  }

  function grade(read: ReadRow, block: number, row: number, context: WindowContext) {
    const { retrieval, moment, requestHash } = read;
    const claims = requestHash === null ? noClaims : claimsOn(retrieval, requestHash, context);
    const verdict = judgeRow(prepareRow(retrieval, moment, policy, claims), context);
    grades.set(verdict.grade, (grades.get(verdict.grade) ?? 0) + 1);
    lines.add(block, row, retrieval.id, verdict);
  }

  function putBy(window: number, { number, likeness, own, from, to }: WaitingRow): void {
    inHand.away += 1;
    late.rows().add(window, { block: inHand.number, number, likeness }, own ?? inHand.bytes, from, to);
  }

  function gradeWaiting(window: number, rows: readonly WaitingRow[]): void {
    const context = contextOf(window);
    for (const { number, own, from, to } of rows)
      grade(again(own ?? inHand.bytes, from, to), inHand.number, number, context);
  }

  const readRows = createRowReader(scanner, reader, (found, number, json, line) => {
    inHand.bytes = line.bytes;
    const window = loader.windowOf(found.moment);
    if (loader.isHeld(window)) grade(found, inHand.number, number, contextOf(window));
    else if (inHand.away > 0) putBy(window, waitingRow(found, number, json, line));
    else waiting.add(window, waitingRow(found, number, json, line));
  });

  return {
    /** Grades a block's rows as they come. */
    gradeBlock(block: TextBlock, number: number): GradedBlock {
      begin();
      Object.assign(inHand, { number, away: 0 });
      const read = readRows(block);
      waiting.gradeAll();
      if (inHand.away === 0) return { ...read, grades, text: lines.takeBlock(), putBy: 0 };
      lines.fileInto(late.lines());
      return { ...read, grades, text: new Uint8Array(), putBy: inHand.away };
    },

    /** Grades the rows of a window that were put by, and files their lines. */
    gradePutBy(window: number, { bytes, from, to }: ReturnType<LateFiles['rowsOf']>): ReadonlyMap<Grade, number> {
      begin();
      const context = contextOf(window);
      visitAlike(bytes, from, to, (block, number, start, end) => {
        grade(alike(bytes, start, end), block, number, context);
      });
      lines.fileInto(late.lines());
      return grades;
    },
  };
}

/** Rows by their window, until it is worth loading. */
function createWaitingRows(
  { worthLoading, fewWindows }: JoinSetup['division'],
  grade: (window: number, rows: readonly WaitingRow[]) => void,
  putBy: (window: number, row: WaitingRow) => void,
) {
  const waiting = new Map<number, WaitingRow[]>();
  return {
    add(window: number, row: WaitingRow): void {
      const rows = waiting.get(window) ?? [];
      if (rows.length === 0) waiting.set(window, rows);
      rows.push(row);
      if (rows.length >= worthLoading) {
        grade(window, rows);
        waiting.delete(window);
      } else if (waiting.size > fewWindows) {
        for (const [other, all] of waiting) for (const one of all) putBy(other, one);
        waiting.clear();
      }
    },
    gradeAll(): void {
      for (const [window, rows] of waiting) grade(window, rows);
      waiting.clear();
    },
  };
}

/** `json`: of a row that has not the line to itself. */
function waitingRow({ likeness }: ReadRow, number: number, json: unknown, { from, to }: BlockLine): WaitingRow {
  if (json === null) return { number, likeness, own: null, from, to };
  const own = Buffer.from(JSON.stringify(json));
  return { number, likeness, own, from: 0, to: own.length };
}

const noClaims: readonly ReceiptClaim[] = [];

function claimsOn(retrieval: Retrieval, requestHash: number, { receipts }: WindowContext): readonly ReceiptClaim[] {
  return receipts.mayClaim(requestHash) ? receipts.claims(retrieval.correlationId ?? '', requestHash) : noClaims;
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
