import type { Verdict } from '../attribution/rules/attribution-rule.ts';
import { jobName } from '../model/job-name.ts';
import type { NumberedLines } from './disk/numbered-lines.ts';
import { createTextMemory } from './text-memory.ts';

/** The lines of rows that were graded, in one piece of memory that is used again for each block. */
interface GradedLines {
  /** Starts anew. */
  clear(): void;
  /** `number`: of the row in its block. */
  add(block: number, number: number, id: string, verdict: Verdict): void;
  /** A copy of all lines in order of their numbers; for lines of one block. */
  takeBlock(): Uint8Array;
  /** Files all lines by their blocks. */
  fileInto(filed: NumberedLines): void;
}

export function createGradedLines(): GradedLines {
  const memory = createLineMemory();
  const columns = createColumns();
  let isOrdered = true;

  const endOf = (index: number) => (index < 0 ? 0 : (columns.ends()[index] ?? 0));
  function inOrder(): Buffer {
    const order = columns.byNumber();
    const text = Buffer.allocUnsafeSlow(memory.length());
    let filled = 0;
    for (let next = 0; next < order.length; ) {
      const first = order[next] ?? 0;
      let after = first + 1;
      // Lines that are together already are copied together.
      for (next += 1; order[next] === after; next += 1) after += 1;
      const part = memory.part(endOf(first - 1), endOf(after - 1));
      text.set(part, filled);
      filled += part.length;
    }
    return text;
  }

  return {
    clear() {
      memory.clear();
      columns.clear();
      isOrdered = true;
    },
    add(block, number, id, verdict) {
      isOrdered &&= columns.lastNumber() < number;
      memory.add(id, verdict);
      columns.add(block, number, memory.length());
    },
    takeBlock: () => (isOrdered ? new Uint8Array(memory.part(0, memory.length())) : inOrder()),
    fileInto(filed) {
      const bytes = memory.part(0, memory.length());
      const blocks = columns.blocks();
      const numbers = columns.numbers();
      const count = columns.count();
      for (let index = 0; index < count; index += 1)
        filed.add(blocks[index] ?? 0, numbers[index] ?? 0, bytes, endOf(index - 1), endOf(index));
    },
  };
}

/** Of each line: the block of its row, the row's number, and where the line ends. */
function createColumns() {
  let blocks = new Int32Array(1 << 12);
  let numbers = new Int32Array(1 << 12);
  let ends = new Int32Array(1 << 12);
  let count = 0;
  return {
    count: () => count,
    blocks: () => blocks,
    numbers: () => numbers,
    ends: () => ends,
    lastNumber: () => (count === 0 ? -1 : (numbers[count - 1] ?? 0)),
    clear() {
      count = 0;
    },
    add(block: number, number: number, end: number) {
      if (count === ends.length) {
        blocks = grow(blocks);
        numbers = grow(numbers);
        ends = grow(ends);
      }
      blocks[count] = block;
      numbers[count] = number;
      ends[count] = end;
      count += 1;
    },
    /** The positions of lines of one block by their numbers, of which each occurs once. */
    byNumber(): Int32Array {
      let most = 0;
      for (let index = 0; index < count; index += 1) most = Math.max(most, numbers[index] ?? 0);
      const positions = new Int32Array(most + 1).fill(-1);
      for (let index = 0; index < count; index += 1) positions[numbers[index] ?? 0] = index;
      return positions.filter((position) => position !== -1);
    },
  };
}

function grow(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * column.length);
  more.set(column);
  return more;
}

/** Lines one after the other. */
function createLineMemory() {
  const text = createTextMemory();
  const { write, writeJson } = text;
  /** The verdict that came last, where its line begins, and where the id in it ends. */
  let last: Verdict | null = null;
  let lastFrom = 0;
  let lastIdTo = 0;

  function writeList(texts: readonly string[]): void {
    write('[');
    for (let index = 0; index < texts.length; index += 1) {
      if (index > 0) write(',');
      writeJson(texts[index] ?? '');
    }
    write(']');
  }

  function writeAnew(id: string, { grade, job, candidates, reason, evidence }: Verdict): void {
    lastFrom = text.length();
    write(lineStart);
    write(id);
    lastIdTo = text.length();
    write('","grade":"');
    write(grade);
    write('","job":');
    if (job === null) write('null');
    else writeJson(jobName(job));
    write(',"candidates":');
    writeList(candidates);
    write(',"reason":"');
    write(reason);
    write('","evidence":');
    writeList(evidence);
    write('}\n');
  }

  return {
    length: text.length,
    part: text.part,
    clear() {
      text.clear();
      last = null;
    },
    add(id: string, verdict: Verdict) {
      const idLength = lastIdTo - lastFrom - lineStart.length;
      if (last === null || idLength !== id.length || !saysTheSame(last, verdict)) {
        writeAnew(id, verdict);
        last = verdict;
        return;
      }
      // Neighbouring rows are often of one job, and all but the id is alike.
      const from = text.length();
      text.repeat(lastFrom);
      lastFrom = from;
      lastIdTo = from + lineStart.length + id.length;
      text.replace(id, from + lineStart.length);
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
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

/** Then come the id, and the members in this order, as `JSON.stringify` writes them. */
const lineStart = '{"id":"';
