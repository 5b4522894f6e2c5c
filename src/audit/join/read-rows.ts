import { isNestedTooDeeply } from '../files/nesting.ts';
import { unwrapAuditRows } from '../files/unwrap-audit-rows.ts';
import type { OperationKind, Retrieval } from '../model/retrieval.ts';
import { momentOf } from '../parsing/moment.ts';
import { parseAuditRow, type ParsedRow, parseFields } from '../parsing/parse-audit-row.ts';
import type { RowScanner } from '../parsing/row-scanner.ts';
import type { RowView } from '../parsing/row-view.ts';
import type { BlockLine, BlockReader, TextBlock } from './text-block.ts';
import { hashLowerCase, hashText } from './text-hash.ts';

/** What one block of rows held. */
export interface ReadRows {
  readonly lines: number;
  readonly rows: number;
  readonly kinds: ReadonlyMap<OperationKind, number>;
  readonly unreadable: number;
  /** The first rows that could not be parsed. */
  readonly unreadableRows: readonly { readonly line: number; readonly reason: string }[];
  /** All rows that could not be parsed, by reason: how many, and the line of the first. */
  readonly unreadableReasons: ReadonlyMap<string, { readonly line: number; readonly count: number }>;
}

/** A row that disclosed a value. It is valid until the next one is read. */
export interface ReadRow {
  readonly retrieval: Retrieval;
  /** When it happened; milliseconds. */
  readonly moment: number;
  /** `hashText` of the request id; `null` if it has none. */
  readonly requestHash: number | null;
  /** A number that rows of one caller have in common, and few others. */
  readonly likeness: number;
}

/** The most unreadable rows that are shown. */
export const mostShown = 100;

/** `number`: of the row in its block. `row` is `null` for one that has the line to itself. */
type VisitRow = (read: ReadRow, number: number, row: unknown, line: BlockLine) => void;

/**
 * Reads blocks, and visits their rows that disclosed a value. It is made once for all blocks, and so is `visit`: functions
 * that are made for each block are compiled for each.
 */
export function createRowReader(scanner: RowScanner, reader: BlockReader, visit: VisitRow) {
  const viewedRow = createViewedRows();
  let tally = new Tally();
  let isDocument = false;

  function take(parsed: ParsedRow, row: unknown, line: BlockLine): void {
    if (parsed.outcome === 'refused') {
      tally.refuse(line.line, parsed.reason);
      return;
    }
    tally.count(parsed.retrieval.kind);
    if (parsed.retrieval.kind === 'read') visit(parsedRow(parsed.retrieval), tally.rows, row, line);
  }

  function parse(line: BlockLine): void {
    const text = line.text();
    const value = parseLine(text);
    if (typeof value === 'string') {
      tally.refuse(line.line, value);
      return;
    }
    for (const row of unwrapAuditRows(value.parsed)) {
      const isAlone = row === value.parsed;
      if (isAlone && !isDocument) scanner.learn(text, row);
      take(parseAuditRow(row, ''), isAlone ? null : row, line);
    }
  }

  function read(line: BlockLine): void {
    const { bytes, from, to } = line;
    const form = scanner.match(bytes, from, to);
    if (form === null) {
      parse(line);
      return;
    }
    const viewed = form.view(bytes, from);
    if (viewed === null) {
      take(parseFields(form.fields(bytes, from, to), ''), null, line);
      return;
    }
    tally.countView();
    visit(viewedRow(viewed, bytes), tally.rows, null, line);
  }

  return (block: TextBlock): ReadRows => {
    tally = new Tally();
    ({ isDocument } = block);
    const lines = reader.read(block, read);
    return { lines, ...tally.take() };
  };
}

/** Reads a row once more that was readable when it was put aside. */
export function readAgain(scanner: RowScanner): (bytes: Buffer, from: number, to: number) => ReadRow {
  const viewedRow = createViewedRows();
  return (bytes, from, to) => {
    const form = scanner.match(bytes, from, to);
    if (form === null) {
      const json = bytes.toString('utf8', from, to);
      const value: unknown = JSON.parse(json);
      scanner.learn(json, value);
      return readable(parseAuditRow(value, ''));
    }
    const view = form.view(bytes, from);
    return view === null ? readable(parseFields(form.fields(bytes, from, to), '')) : viewedRow(view, bytes);
  };
}

function readable(parsed: ParsedRow): ReadRow {
  if (parsed.outcome === 'refused') throw new Error('the row was readable when it was put aside');
  return parsedRow(parsed.retrieval);
}

function parsedRow(retrieval: Retrieval): ReadRow {
  const { correlationId } = retrieval;
  const requestHash = correlationId === null ? null : hashText(correlationId);
  return { retrieval, moment: momentOf(retrieval.at), requestHash, likeness: 0 };
}

/** A row of which only what is asked for is read from its bytes. */
class ViewedRow implements ReadRow {
  readonly retrieval: RowView;
  moment = Number.NaN;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(view: RowView) {
    this.retrieval = view;
  }

  turnTo(bytes: Buffer): void {
    this.#bytes = bytes;
    this.moment = this.retrieval.moment;
  }

  get requestHash(): number | null {
    const { requestFrom, requestTo } = this.retrieval;
    return requestTo === 0 ? null : hashLowerCase(this.#bytes, requestFrom, requestTo);
  }

  get likeness(): number {
    return this.retrieval.likeness;
  }
}

/** One object for all rows of a form, as their view is one. */
function createViewedRows() {
  let last: ViewedRow | null = null;
  return (view: RowView, bytes: Buffer): ReadRow => {
    if (last?.retrieval !== view) last = new ViewedRow(view);
    last.turnTo(bytes);
    return last;
  };
}

/** Counts the rows of one block. */
class Tally {
  rows = 0;
  #viewed = 0;
  #unreadable = 0;
  readonly #kinds = new Map<OperationKind, number>();
  readonly #unreadableRows: { readonly line: number; readonly reason: string }[] = [];
  readonly #unreadableReasons = new Map<string, { readonly line: number; count: number }>();

  count(kind: OperationKind): void {
    this.rows += 1;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  countView(): void {
    this.rows += 1;
    this.#viewed += 1;
  }

  refuse(line: number, reason: string): void {
    this.rows += 1;
    this.#unreadable += 1;
    const known = this.#unreadableReasons.get(reason);
    if (known === undefined) this.#unreadableReasons.set(reason, { line, count: 1 });
    else known.count += 1;
    if (this.#unreadableRows.length < mostShown) this.#unreadableRows.push({ line, reason });
  }

  take(): Omit<ReadRows, 'lines'> {
    const kinds = this.#kinds;
    if (this.#viewed > 0) kinds.set('read', (kinds.get('read') ?? 0) + this.#viewed);
    return {
      rows: this.rows,
      kinds,
      unreadable: this.#unreadable,
      unreadableRows: this.#unreadableRows,
      unreadableReasons: this.#unreadableReasons,
    };
  }
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
