import { attributeRetrieval } from '../attribution/attribute-retrievals.ts';
import { indexBrokerReads } from '../attribution/broker-index.ts';
import { indexRotations } from '../attribution/rotation-index.ts';
import type { AttributionContext } from '../attribution/rules/attribution-rule.ts';
import type { Policy } from '../../secrets/policy.ts';
import type { Attribution, Grade } from '../model/attribution.ts';
import { jobName } from '../model/job-name.ts';
import type { OperationKind, Retrieval } from '../model/retrieval.ts';
import { platformApplications } from '../parsing/operation-kinds.ts';
import { momentOf } from '../parsing/moment.ts';
import { parseAuditRow, type ParsedRow, parseFields } from '../parsing/parse-audit-row.ts';
import { createRowScanner, type RowScanner } from '../parsing/row-scanner.ts';
import type { BucketWriter } from './bucket-file.ts';
import type { JoinSetup } from './join-plan.ts';
import { isNestedTooDeeply } from '../files/nesting.ts';
import { encodeNumberedLine, headBytes, visitNumberedLines, writeHead } from './numbered-lines.ts';
import type { BlockLine, BlockReader, TextBlock } from './text-block.ts';
import { unwrapAuditRows } from '../files/unwrap-audit-rows.ts';
import type { WindowIndexes, WindowLoader } from './window-context.ts';

/** What one block of rows came to. */
export interface GradedBlock {
  readonly lines: number;
  readonly rows: number;
  readonly kinds: ReadonlyMap<OperationKind, number>;
  readonly grades: ReadonlyMap<Grade, number>;
  readonly unreadable: number;
  /** The first rows that could not be parsed. */
  readonly unreadableRows: readonly { readonly line: number; readonly reason: string }[];
  /** All rows that could not be parsed, by reason: how many, and the line of the first. */
  readonly unreadableReasons: ReadonlyMap<string, { readonly line: number; readonly count: number }>;
  /** The lines of the rows that were graded, in order; numbered where rows are missing that were put by. */
  readonly text: Uint8Array;
  /** Rows of far windows, which are graded after all blocks were read. */
  readonly putBy: number;
}

/** What the rows of one window came to that had been put by. */
export interface GradedRows {
  readonly grades: ReadonlyMap<Grade, number>;
  /** Their lines, numbered, block after block. */
  readonly text: Uint8Array;
  /** Where the lines of each block end. */
  readonly blocks: readonly { readonly block: number; readonly to: number }[];
}

/** The most unreadable rows that are shown. */
export const mostShown = 100;
interface WaitingRow {
  readonly retrieval: Retrieval;
  readonly number: number;
  /** The row as JSON: bytes of the block, or text. */
  readonly json: string | { readonly from: number; readonly to: number };
}

/** Grades rows by the indexes of the window in which they lie. */
export function createGrader({ policy, division }: JoinSetup, loader: WindowLoader) {
  const contextOf = createContexts(policy, loader);
  const scanner = createRowScanner();
  const memory: LineMemory = { bytes: Buffer.alloc(0) };
  return {
    /**
     * Grades a block's rows as they come. A row whose window is not in memory waits until the window has enough of them to
     * be worth loading. When rows of too many windows wait, the block is out of order, and they are put by.
     */
    gradeBlock(reader: BlockReader, block: TextBlock, number: number, putBy: () => BucketWriter): GradedBlock {
      const grades = new Map<Grade, number>();
      const lines = collectLines(memory);
      const waiting = new Map<number, WaitingRow[]>();
      const grade = (context: AttributionContext, retrieval: Retrieval, position: number) => {
        const attribution = attributeRetrieval(retrieval, context);
        grades.set(attribution.grade, (grades.get(attribution.grade) ?? 0) + 1);
        lines.add(position, toLine(attribution));
      };
      const gradeWaiting = (window: number, rows: readonly WaitingRow[]) => {
        const context = contextOf(window);
        for (const one of rows) grade(context, one.retrieval, one.number);
        waiting.delete(window);
      };
      let away = 0;
      let bytes: Buffer = Buffer.alloc(0);
      const putAllBy = () => {
        for (const [window, rows] of waiting) {
          away += rows.length;
          for (const row of rows) putBy().add(window, filedRow(number, row, bytes));
        }
        waiting.clear();
      };
      const counts = readRows(scanner, reader, block, (retrieval, position, row, line) => {
        bytes = line.bytes;
        const window = loader.windowOf(momentOf(retrieval.at));
        if (loader.isHeld(window)) {
          grade(contextOf(window), retrieval, position);
          return;
        }
        const rows = waiting.get(window) ?? [];
        rows.push({
          retrieval,
          number: position,
          json: row === null ? { from: line.from, to: line.to } : JSON.stringify(row),
        });
        waiting.set(window, rows);
        if (rows.length >= division.worthLoading) gradeWaiting(window, rows);
        else if (waiting.size > division.fewWindows) putAllBy();
      });
      for (const [window, rows] of waiting) gradeWaiting(window, rows);
      return { ...counts, grades, text: lines.take(away > 0), putBy: away };
    },

    /** Grades rows that were put by. */
    gradeFiledRows(window: number, filed: Buffer): GradedRows {
      const context = contextOf(window);
      const grades = new Map<Grade, number>();
      const lines = collectFiledLines(memory);
      visitNumberedLines(filed, (block, bytes, from, to) => {
        const row = from + numberBytes;
        const fields = scanner.scan(bytes, row, to);
        const parsed = fields === null ? parseText(bytes.toString('utf8', row, to)) : parseFields(fields, '');
        if (parsed.outcome === 'refused') throw new Error('the row was readable when it was put by');
        const attribution = attributeRetrieval(parsed.retrieval, context);
        grades.set(attribution.grade, (grades.get(attribution.grade) ?? 0) + 1);
        lines.add(block, bytes.readUInt32LE(from), toLine(attribution));
      });
      return { grades, ...lines.take() };
    },
  };

  function parseText(text: string): ParsedRow {
    const value: unknown = JSON.parse(text);
    scanner.learn(text, value);
    return parseAuditRow(value, '');
  }
}

/** What the rules know of each window. */
function createContexts(policy: Policy, loader: WindowLoader): (window: number) => AttributionContext {
  const fixed = {
    policyAt: () => policy,
    rotations: indexRotations([]),
    broker: indexBrokerReads([]),
    platformApplications,
    isHarvested: () => false,
    ledgerCompleteTo: null,
  };
  const contexts = new WeakMap<WindowIndexes, AttributionContext>();
  return (window) => {
    const indexes = loader.load(window);
    let context = contexts.get(indexes);
    if (context === undefined) {
      context = { ...fixed, ...indexes };
      contexts.set(indexes, context);
    }
    return context;
  };
}

/** Visits the rows that disclosed a value. `row` is `null` for one that has the line to itself. */
function readRows(
  scanner: RowScanner,
  reader: BlockReader,
  block: TextBlock,
  visit: (retrieval: Retrieval, number: number, row: unknown, line: BlockLine) => void,
) {
  const kinds = new Map<OperationKind, number>();
  const unreadableRows: { readonly line: number; readonly reason: string }[] = [];
  const unreadableReasons = new Map<string, { readonly line: number; count: number }>();
  let rows = 0;
  let unreadable = 0;
  const refuse = (line: number, reason: string) => {
    unreadable += 1;
    const known = unreadableReasons.get(reason);
    if (known === undefined) unreadableReasons.set(reason, { line, count: 1 });
    else known.count += 1;
    if (unreadableRows.length < mostShown) unreadableRows.push({ line, reason });
  };
  const take = (parsed: ParsedRow, row: unknown, line: BlockLine) => {
    rows += 1;
    if (parsed.outcome === 'refused') {
      refuse(line.line, parsed.reason);
      return;
    }
    const { retrieval } = parsed;
    kinds.set(retrieval.kind, (kinds.get(retrieval.kind) ?? 0) + 1);
    if (retrieval.kind === 'read') visit(retrieval, rows, row, line);
  };
  const lines = reader.read(block, (line) => {
    const fields = scanner.scan(line.bytes, line.from, line.to);
    if (fields !== null) {
      take(parseFields(fields, ''), null, line);
      return;
    }
    const text = line.text();
    const value = parseLine(text);
    if (typeof value === 'string') {
      rows += 1;
      refuse(line.line, value);
      return;
    }
    for (const row of unwrapAuditRows(value.parsed)) {
      const isAlone = row === value.parsed;
      if (isAlone && !block.isDocument) scanner.learn(text, row);
      take(parseAuditRow(row, ''), isAlone ? null : row, line);
    }
  });
  return { lines, rows, kinds, unreadable, unreadableRows, unreadableReasons };
}

/** The value of a line, or why it has none. */
function parseLine(text: string): { readonly parsed: unknown } | string {
  if (isNestedTooDeeply(text)) return 'it is nested too deeply';
  try {
    return { parsed: JSON.parse(text) };
  } catch {
    return 'it is not valid JSON';
  }
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

/** Lines that come nearly in order of their numbers. */
function collectLines(memory: LineMemory) {
  const numbers: number[] = [];
  const ends: number[] = [];
  let isOrdered = true;
  let length = 0;
  return {
    add(number: number, line: string) {
      isOrdered &&= (numbers.at(-1) ?? -1) < number;
      // A UTF-16 unit has at most three bytes in UTF-8.
      const most = length + 3 * line.length;
      if (memory.bytes.length < most) memory.bytes = enlarge(memory.bytes, length, most);
      length += memory.bytes.write(line, length);
      numbers.push(number);
      ends.push(length);
    },
    /** A copy of all lines in order, numbered or not. */
    take(isNumbered: boolean): Uint8Array {
      const { bytes } = memory;
      if (isOrdered && !isNumbered) return Uint8Array.prototype.slice.call(bytes, 0, length);
      const order = [...numbers.keys()].sort((one, other) => (numbers[one] ?? 0) - (numbers[other] ?? 0));
      const lineAt = (index: number) => bytes.subarray(ends[index - 1] ?? 0, ends[index]);
      return Buffer.concat(
        order.map((index) => (isNumbered ? encodeNumberedLine(numbers[index] ?? 0, lineAt(index)) : lineAt(index))),
      );
    },
  };
}

/** Lines of rows of any blocks. */
function collectFiledLines(memory: LineMemory) {
  const lines: { readonly block: number; readonly from: number; readonly to: number }[] = [];
  let length = 0;
  return {
    add(block: number, number: number, line: string) {
      const from = length;
      const most = from + headBytes + 3 * line.length;
      if (memory.bytes.length < most) memory.bytes = enlarge(memory.bytes, from, most);
      const written = memory.bytes.write(line, from + headBytes);
      writeHead(memory.bytes, from, number, written);
      length = from + headBytes + written;
      lines.push({ block, from, to: length });
    },
    /** A copy of all lines, block after block. */
    take(): Pick<GradedRows, 'text' | 'blocks'> {
      lines.sort((one, other) => one.block - other.block);
      const text = Buffer.allocUnsafeSlow(length);
      const blocks: { readonly block: number; to: number }[] = [];
      let filled = 0;
      for (const { block, from, to } of lines) {
        filled += memory.bytes.copy(text, filled, from, to);
        const last = blocks.at(-1);
        if (last?.block === block) last.to = filled;
        else blocks.push({ block, to: filled });
      }
      return { text, blocks };
    },
  };
}

/** Where lines are written, block after block. */
interface LineMemory {
  bytes: Buffer;
}

function enlarge(bytes: Buffer, used: number, length: number): Buffer {
  const more = Buffer.allocUnsafeSlow(2 * length);
  bytes.copy(more, 0, 0, used);
  return more;
}

/** The line of the output for one row: its members in this order, as `JSON.stringify` writes them. */
function toLine({ retrieval, grade, job, candidates, reason, evidence }: Attribution): string {
  const name = job === null ? 'null' : textInJson(jobName(job));
  // Member by member, because all but names and evidence are plain words, which takes half the time.
  return `{"id":"${retrieval.id}","grade":"${grade}","job":${name},"candidates":${listText(candidates)},"reason":"${reason}","evidence":${listText(evidence)}}\n`;
}

function listText(texts: readonly string[]): string {
  if (texts.length === 0) return '[]';
  return `[${texts.map(textInJson).join(',')}]`;
}

const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** As `JSON.stringify` writes it, which takes longer. */
function textInJson(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}
