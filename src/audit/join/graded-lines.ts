import type { Verdict } from '../attribution/rules/attribution-rule.ts';
import { jobName } from '../model/job-name.ts';
import { headBytes, writeHead } from './numbered-lines.ts';

/** The lines of rows that were graded, in one piece of memory that is used again for each block. */
interface GradedLines {
  /** Starts anew. */
  clear(): void;
  /** `number`: of the row in its block. */
  add(block: number, number: number, id: string, verdict: Verdict): void;
  /** A copy of all lines in order of their numbers, with these or without; for lines of one block. */
  takeBlock(isNumbered: boolean): Uint8Array;
  /** A copy of all lines with their numbers, block after block, and where the lines of each block end. */
  takeBlocks(): LinesOfBlocks;
}

export interface LinesOfBlocks {
  readonly text: Uint8Array;
  readonly blocks: readonly { readonly block: number; readonly to: number }[];
}

export function createGradedLines(): GradedLines {
  const memory = createLineMemory();
  /** Of each line: the block of its row, the row's number, and where the line ends. */
  const blocks: number[] = [];
  const numbers: number[] = [];
  const ends: number[] = [];
  let isOrdered = true;

  function lineAt(index: number): Uint8Array {
    return memory.part(ends[index - 1] ?? 0, ends[index] ?? 0);
  }

  /** The positions of the lines by what was kept of each. */
  function orderBy(kept: readonly number[]): number[] {
    return [...kept.keys()].sort((one, other) => (kept[one] ?? 0) - (kept[other] ?? 0));
  }

  function numbered(order: readonly number[]): Buffer {
    const text = Buffer.allocUnsafeSlow(memory.length() + headBytes * order.length);
    let filled = 0;
    for (const index of order) {
      const line = lineAt(index);
      writeHead(text, filled, numbers[index] ?? 0, line.length);
      text.set(line, filled + headBytes);
      filled += headBytes + line.length;
    }
    return text;
  }

  function inOrder(): Buffer {
    const order = orderBy(numbers);
    const text = Buffer.allocUnsafeSlow(memory.length());
    let filled = 0;
    for (let next = 0; next < order.length; ) {
      const first = order[next] ?? 0;
      let after = first + 1;
      // Lines that are together already are copied together.
      for (next += 1; order[next] === after; next += 1) after += 1;
      const part = memory.part(ends[first - 1] ?? 0, ends[after - 1] ?? 0);
      text.set(part, filled);
      filled += part.length;
    }
    return text;
  }

  return {
    clear() {
      memory.clear();
      blocks.length = 0;
      numbers.length = 0;
      ends.length = 0;
      isOrdered = true;
    },
    add(block, number, id, verdict) {
      isOrdered &&= (numbers.at(-1) ?? -1) < number;
      memory.write(id, verdict);
      blocks.push(block);
      numbers.push(number);
      ends.push(memory.length());
    },
    takeBlock(isNumbered) {
      if (isNumbered) return numbered(orderBy(numbers));
      return isOrdered ? new Uint8Array(memory.part(0, memory.length())) : inOrder();
    },
    takeBlocks() {
      const order = orderBy(blocks);
      const found: { readonly block: number; to: number }[] = [];
      let filled = 0;
      for (const index of order) {
        filled += headBytes + lineAt(index).length;
        const last = found.at(-1);
        if (last !== undefined && last.block === blocks[index]) last.to = filled;
        else found.push({ block: blocks[index] ?? 0, to: filled });
      }
      return { text: numbered(order), blocks: found };
    },
  };
}

/** Lines one after the other. */
function createLineMemory() {
  let bytes = Buffer.alloc(0);
  let length = 0;
  /** The line of the verdict that came last: where it is, and where its id ends. */
  let last: Verdict | null = null;
  let lastFrom = 0;
  let lastIdTo = 0;

  function reserve(more: number): void {
    if (bytes.length >= length + more) return;
    const wider = Buffer.allocUnsafeSlow(2 * (length + more));
    bytes.copy(wider, 0, 0, length);
    bytes = wider;
  }

  function writeAnew(id: string, verdict: Verdict): void {
    const tail = tailOf(verdict);
    // A UTF-16 unit has at most three bytes in UTF-8.
    reserve(lineStart.length + id.length + 3 * tail.length);
    lastFrom = length;
    length += bytes.write(lineStart, length, 'latin1');
    length += bytes.write(id, length, 'latin1');
    lastIdTo = length;
    length += bytes.write(tail, length);
    last = verdict;
  }

  return {
    length: () => length,
    part: (from: number, to: number) => bytes.subarray(from, to),
    clear() {
      length = 0;
      last = null;
    },
    write(id: string, verdict: Verdict) {
      const idFrom = lastFrom + lineStart.length;
      if (last === null || lastIdTo - idFrom !== id.length || !saysTheSame(last, verdict)) {
        writeAnew(id, verdict);
        return;
      }
      // Neighbouring rows are often of one job, and all but the id is alike.
      const from = length;
      reserve(from - lastFrom);
      bytes.copyWithin(from, lastFrom, from);
      bytes.write(id, from + lineStart.length, 'latin1');
      length += from - lastFrom;
      lastFrom = from;
      lastIdTo = from + lineStart.length + id.length;
    },
  };
}

/** Whether the lines of both surely differ in the id alone. */
function saysTheSame(one: Verdict, other: Verdict): boolean {
  return (
    one.job === other.job &&
    one.reason === other.reason &&
    one.grade === other.grade &&
    isEqual(one.evidence, other.evidence) &&
    isEqual(one.candidates, other.candidates)
  );
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

const lineStart = '{"id":"';

/** What follows the id in the line of a row: its members in this order, as `JSON.stringify` writes them. */
function tailOf({ grade, job, candidates, reason, evidence }: Verdict): string {
  const name = job === null ? 'null' : textInJson(jobName(job));
  // Member by member, because all but names and evidence are plain words, which takes half the time.
  return `","grade":"${grade}","job":${name},"candidates":${listText(candidates)},"reason":"${reason}","evidence":${listText(evidence)}}\n`;
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
