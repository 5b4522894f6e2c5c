import { createViews } from './byte-words.ts';
import { createFormTables, type FormTables, wordsEach } from './form-tables.ts';
import type { KnownTexts } from './known-texts.ts';
import type { LineForm } from './line-form.ts';
import type { LineMemory } from './line-memory.ts';
import { createLineTemplate, templateBytes } from './line-template.ts';
import { createWordStore, createWordTables, firstBytes } from './word-store.ts';

/** Recognises lines of one form, and tells their contents. Contents are counted from 0. */
export interface FormMatcher {
  /** Whether the bytes from `from` until before `to` are a line of this form. */
  readonly matches: (bytes: Buffer, from: number, to: number) => boolean;
  /** A content of the line that matched last. */
  readonly content: (bytes: Buffer, index: number) => string;
  /** Where the contents of that line begin and end. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Rises each time that one of these contents is another than in the line before. */
  readonly lastChange: (contents: readonly number[]) => number;
  /**
   * Reads a part of the line that matched last, which begins at `start`. `from` and `to`: where the part is in the line that
   * the form was taken from, outside of contents.
   */
  part(from: number, to: number): (bytes: Buffer, start: number) => string;
}

const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;
const nine = 0x39;
const point = 0x2e;
const minus = 0x2d;

/** After so many texts of a content it is clear whether they repeat. */
const trial = 2048;

/**
 * A line is compared with the one before, or else, text by text, with the form. `texts`: those that repeat; `null`: each is
 * made anew. `memory`: the one that most lines are in, if they are in one.
 */
export function createMatcher(
  { between, contents }: LineForm,
  texts: KnownTexts | null,
  memory: LineMemory | null,
): FormMatcher {
  const count = contents.length;
  const literals = keepTexts(between);
  const tables = createFormTables(count, templateBytes(count), memory);
  const { starts, ends, isText } = tables;
  isText.set(contents.map((content) => (content.isText ? 1 : 0)));
  const viewOf = createViews();
  const last = createLastLine(tables, texts, viewOf);
  const endOf = (bytes: Buffer, view: DataView, at: number, index: number) =>
    isText[index] === 1 ? last.endOfText(bytes, view, at, index) : last.endOfNumber(bytes, view, at, index);
  const template = createLineTemplate(count, tables, endOf, memory);

  function hasForm(bytes: Buffer, view: DataView, from: number, to: number): boolean {
    let at = from;
    for (let index = 0; index < count; index += 1) {
      if (!literals.isAt(view, at, index)) return false;
      at += literals.length(index);
      starts[index] = at;
      at = endOf(bytes, view, at, index);
      // A text may end beyond the line, in what the buffer held before.
      if (at === -1 || at > to) return false;
      ends[index] = at;
    }
    return literals.isAt(view, at, count) && at + literals.length(count) === to;
  }

  return {
    matches(bytes, from, to) {
      // Words may reach beyond the line.
      if (to + literals.longest + 4 * wordsEach > bytes.length) return false;
      const view = viewOf(bytes);
      const before = last.newest();
      if (template.matches(bytes, view, from, to)) return true;
      const beforeForm = last.newest();
      const matches = hasForm(bytes, view, from, to);
      if (matches) template.take(view, from, to, (index) => last.changeOf(index) > before);
      // What was kept of the line is no longer what the template has.
      else if (last.newest() > beforeForm) template.clear();
      return matches;
    },
    content: last.content,
    starts,
    ends,
    lastChange: (among) => last.lastChange(among),
    part(from, to) {
      const first = contents.filter((content) => content.to <= from).length;
      const end = contents.filter((content) => content.to <= to).length;
      const within = contents.slice(first, end).map((_, index) => first + index);
      /** How far it begins after the content before it, or after the start of the line, and how far it ends. */
      const after = from - (contents[first - 1]?.to ?? 0);
      const further = to - (contents[end - 1]?.to ?? 0);
      let text = '';
      let seen = -1;
      return (bytes, start) => {
        const change = last.lastChange(within);
        if (change === seen) return text;
        seen = change;
        text = bytes.toString('latin1', (ends[first - 1] ?? start) + after, (ends[end - 1] ?? start) + further);
        return text;
      };
    },
  };
}

/** The contents of the line that was read last: where they are, their bytes, and those texts of them that were made. */
function createLastLine(tables: FormTables, texts: KnownTexts | null, viewOf: (bytes: Buffer) => DataView) {
  const { starts, ends, changes, newest } = tables;
  const count = starts.length;
  const kept = createKeptContents(tables);
  const made = Array.from({ length: count }, () => '');
  /** The change with which each was made. */
  const madeAt = new Float64Array(count).fill(-1);
  const makeText = createTextMaker(count, texts, viewOf);

  function changed(index: number): void {
    const change = (newest[0] ?? 0) + 1;
    newest[0] = change;
    changes[index] = change;
  }

  return {
    /** How many changes there were. */
    newest: () => newest[0] ?? 0,
    /** Where a text ends that begins at `at`; -1 if it has escapes or anything but printable ASCII. */
    endOfText(bytes: Buffer, view: DataView, at: number, index: number): number {
      const length = kept.length(index);
      const same = kept.countSame(view, at, index);
      if (bytes[at + length] === quote && kept.isWhole(view, at, index, same)) return at + length;
      let end = at + same;
      while (end + 4 <= bytes.length && !hasStop(view.getInt32(end, true))) end += 4;
      for (let byte = bytes[end] ?? 0; byte !== quote; byte = bytes[end] ?? 0) {
        if (byte < 0x20 || byte > 0x7e || byte === backslash) return -1;
        end += 1;
      }
      changed(index);
      kept.keep(view, at, end, index, same);
      return end;
    },
    /** Where a number ends that begins at `at`; -1 if it is none. */
    endOfNumber(bytes: Buffer, view: DataView, at: number, index: number): number {
      const end = endOfNumber(bytes, at);
      if (end === -1) return -1;
      const same = kept.countSame(view, at, index);
      if (end - at === kept.length(index) && kept.isWhole(view, at, index, same)) return end;
      changed(index);
      kept.keep(view, at, end, index, same);
      return end;
    },
    content: (bytes: Buffer, index: number): string => {
      if (madeAt[index] === changes[index]) return made[index] ?? '';
      const text = makeText(bytes, index, starts[index] ?? 0, ends[index] ?? 0);
      made[index] = text;
      madeAt[index] = changes[index] ?? 0;
      return text;
    },
    /** The number of its last change. */
    changeOf: (index: number): number => changes[index] ?? 0,
    lastChange(among: readonly number[]): number {
      let last = 0;
      for (let at = 0; at < among.length; at += 1) last = Math.max(last, changes[among[at] ?? 0] ?? 0);
      return last;
    },
  };
}

/** The bytes of the last contents, as words of four. */
function createKeptContents({ keptWords: words, keptPairs: pairs, keptLengths: lengths }: FormTables) {
  return {
    length: (index: number): number => lengths[index] ?? -1,
    /** How many bytes of the kept content are those from `at` on, in whole words. */
    countSame(view: DataView, at: number, index: number): number {
      const length = lengths[index] ?? -1;
      const base = index * wordsEach;
      let same = 0;
      while (same + 8 <= length && view.getFloat64(at + same, true) === pairs[(base >> 1) + (same >> 3)]) same += 8;
      if (same + 4 <= length && view.getInt32(at + same, true) === words[base + (same >> 2)]) same += 4;
      return same;
    },
    /** Whether all of the kept content is at `at`. `same`: so many bytes of it are. */
    isWhole(view: DataView, at: number, index: number, same: number): boolean {
      const length = lengths[index] ?? -1;
      if (length < 0 || same + 4 <= length) return false;
      const rest = view.getInt32(at + same, true) ^ (words[index * wordsEach + (same >> 2)] ?? 0);
      return (rest & (firstBytes[length - same] ?? 0)) === 0;
    },
    /** Keeps another content, of which so many bytes are kept already. */
    keep(view: DataView, at: number, end: number, index: number, same: number): void {
      const isKept = end - at < 4 * wordsEach;
      lengths[index] = isKept ? end - at : -1;
      const base = index * wordsEach;
      for (let offset = same; isKept && offset < end - at; offset += 4)
        words[base + (offset >> 2)] = view.getInt32(at + offset, true);
    },
  };
}

/** Makes texts; those of a content that repeat are looked up among known ones. */
function createTextMaker(count: number, texts: KnownTexts | null, viewOf: (bytes: Buffer) => DataView) {
  if (texts === null) return (bytes: Buffer, _: number, from: number, to: number) => bytes.toString('latin1', from, to);
  const tried = new Int32Array(count);
  const known = new Int32Array(count);
  return (bytes: Buffer, index: number, from: number, to: number): string => {
    const tries = tried[index] ?? 0;
    if (tries === trial && (known[index] ?? 0) < trial / 4) return bytes.toString('latin1', from, to);
    const text = texts.textOf(bytes, viewOf(bytes), from, to);
    if (tries < trial) {
      tried[index] = tries + 1;
      if (texts.wasKnown) known[index] = (known[index] ?? 0) + 1;
    }
    return text;
  };
}

/** The texts around the contents. */
function keepTexts(texts: readonly string[]) {
  const line = Buffer.from(`${texts.join('')}    `, 'latin1');
  const store = createWordStore(createWordTables(texts.length, line.length));
  const view = createViews()(line);
  let at = 0;
  for (const [index, { length }] of texts.entries()) {
    store.keep(view, at, at + length, index);
    at += length;
  }
  return { ...store, longest: Math.max(...texts.map(({ length }) => length)) };
}

/** Whether one of four bytes is a quote, a backslash, or no printable ASCII: its high bit is set in one of these numbers. */
function hasStop(word: number): boolean {
  const quoted = word ^ 0x22222222;
  const escaped = word ^ 0x5c5c5c5c;
  const isSign = ((quoted - 0x01010101) & ~quoted) | ((escaped - 0x01010101) & ~escaped);
  return ((isSign | ((word - 0x20202020) & ~word) | (word + 0x01010101) | word) & 0x80808080) !== 0;
}

/** The same of a number without exponent, as JSON writes it. */
function endOfNumber(bytes: Buffer, start: number): number {
  const at = bytes[start] === minus ? start + 1 : start;
  const whole = endOfDigits(bytes, at);
  const digits = whole - at;
  if (digits === 0 || digits > 15 || (digits > 1 && bytes[at] === zero)) return -1;
  if (bytes[whole] !== point) return whole;
  const end = endOfDigits(bytes, whole + 1);
  return end === whole + 1 ? -1 : end;
}

function endOfDigits(bytes: Buffer, at: number): number {
  let end = at;
  for (let byte = bytes[end] ?? 0; byte >= zero && byte <= nine; byte = bytes[end] ?? 0) end += 1;
  return end;
}
