import { beginningBytes, type NeedleTable } from './needle-table.ts';
import { asciiOf, isNothing, lengthOf, mostNothings, open, writeBytes, type Unit } from '../views/view.ts';
import type { ViewNode, ViewTree } from '../views/view-tree.ts';

/** What begins at a place of a text. */
export interface SecretStart {
  /** How many bytes of the text the longest needle takes that stands here as a whole; 0 for none. */
  readonly whole: number;
  /** Whether a longer one may stand here: the text ends before that is clear. */
  readonly open: boolean;
  /** So many bytes from the place on tell this, and a dozen before; one more than there are where it tells that the text ends. */
  readonly looked: number;
}

/** What the end of a text left open of a start, which may be gone on with when more of the text is there. */
export interface OpenStart {
  ends: readonly OpenEnd[];
}

/** Where one way to read a text from a start came to its end: as it is, within a view, or before a view that may show something else. */
interface OpenEnd {
  readonly node: ViewNode | null;
  /** Counted from the start. */
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly depth: number;
  readonly nothings: number;
  /** What is shown there without the view; -1 within it. */
  readonly unit: Unit;
}

const nothingStops = new Uint8Array(256);

/**
 * Follows all needles that begin at a place, at once: through the text as it is, and from each escape on through the
 * views that show something else there.
 */
export class NeedleWalk {
  readonly #table: NeedleTable;
  readonly #plain: ViewTree['plain'];
  readonly #byTrigger: readonly (readonly ViewNode[] | null)[];
  /** 1 at each byte at which a view may begin. */
  readonly #triggers = new Uint8Array(256);
  readonly #written = new Uint8Array(4);
  readonly #start = { whole: 0, open: false, looked: 0 };
  /** How many steps all walks took. */
  steps = 0;
  readonly #ends: OpenEnd[] = [];
  #origin = 0;
  #isQuarterAtMost = true;

  constructor(table: NeedleTable, { plain, byTrigger }: ViewTree) {
    this.#table = table;
    this.#plain = plain;
    this.#byTrigger = Array.from({ length: 256 }, (_, byte) => byTrigger.get(byte) ?? null);
    for (const trigger of byTrigger.keys()) this.#triggers[trigger] = 1;
  }

  /** What begins at `at`. Good until the next call. */
  startAt(at: number): SecretStart {
    const plain = this.#plain;
    this.#begin(at);
    if (this.#beginsPlainly(at)) this.#walkFromBeginning(at);
    else this.#walkPlainly(at, 0, this.#table.count - 1, 0);
    this.#start.looked = Math.min(plain.furthest, plain.to) - at + 1;
    return this.#start;
  }

  #begin(at: number): void {
    this.#start.whole = 0;
    this.#start.open = false;
    this.#ends.length = 0;
    this.#origin = at;
    this.#isQuarterAtMost = true;
    this.#plain.furthest = at - 1;
  }

  /** What `startAt` left open. */
  leftOpen(): OpenStart {
    return { ends: [...this.#ends] };
  }

  /** Goes on with a start that was left open, now at the first byte of a text that is longer. Returns whether it is still open. */
  staysOpen(start: OpenStart): boolean {
    this.#begin(0);
    for (const { node, at, low, high, depth, nothings, unit } of start.ends) {
      if (node === null) this.#walkPlainly(at, low, high, depth);
      else if (unit < 0) this.#walkThrough(node, at, low, high, depth, nothings);
      else this.#branch([node], at, unit, low, high, depth);
    }
    start.ends = [...this.#ends];
    return this.#start.open;
  }

  #walkFromBeginning(at: number): void {
    const table = this.#table;
    const { text } = this.#plain;
    const first = (text[at] ?? 0) | ((text[at + 1] ?? 0) << 8) | ((text[at + 2] ?? 0) << 16);
    this.#plain.furthest = at + beginningBytes - 1;
    if (table.findBeginning(first | ((text[at + 3] ?? 0) << 24))) {
      this.#walkPlainly(at + beginningBytes, table.found.low, table.found.high, beginningBytes);
    }
  }

  /** Whether the first bytes there are at hand, and no view begins among them. */
  #beginsPlainly(at: number): boolean {
    const { text, to } = this.#plain;
    if (at + beginningBytes > to) return false;
    for (let place = at; place < at + beginningBytes; place += 1) {
      if (this.#triggers[text[place] ?? 0] === 1) return false;
    }
    return true;
  }

  /** Whether what begins at `at` and is still open has shown no more than a quarter of any needle. */
  isQuarterAtMost(at: number): boolean {
    this.startAt(at);
    return this.#isQuarterAtMost;
  }

  #walkPlainly(from: number, first: number, last: number, deep: number): void {
    const { text, to } = this.#plain;
    const table = this.#table;
    let low = first;
    let high = last;
    let depth = deep;
    let at = from;
    while (low <= high) {
      // No view shows what is found as it is alone.
      const stops = table.arePlain(low, high) ? nothingStops : this.#triggers;
      const count = table.matchingBytes(low, high, depth, text, at, stops);
      at += count;
      depth += count;
      this.steps += 1;
      if (depth > 0 && depth === table.lengthOf(low)) {
        this.#start.whole = Math.max(this.#start.whole, at - this.#origin);
        low += 1;
        continue;
      }
      if (at >= to) {
        this.#readTo(to + 1);
        this.#endsOpen({ node: null, at, low, high, depth, nothings: 0, unit: -1 });
        return;
      }
      const byte = text[at] ?? 0;
      const nodes = this.#byTrigger[byte];
      if (nodes != null) this.#branch(nodes, at, this.#plain.read(at), low, high, depth);
      table.narrow(low, high, depth, byte);
      ({ low, high } = table.found);
      at += 1;
      depth += 1;
      if (low <= high && depth === table.lengthOf(low)) {
        this.#start.whole = Math.max(this.#start.whole, at - this.#origin);
        low += 1;
      }
    }
    this.#readTo(at);
  }

  /** The text was read to before a place. */
  #readTo(at: number): void {
    this.#plain.furthest = Math.max(this.#plain.furthest, at - 1);
  }

  #walkThrough(node: ViewNode, from: number, first: number, last: number, deep: number, before = 0): void {
    const { layer, children, view } = node;
    const table = this.#table;
    let low = first;
    let high = last;
    let depth = deep;
    let nothings = before;
    let at = from;
    while (low <= high && !table.arePlain(low, high)) {
      const unit = layer.read(at);
      this.steps += 1;
      if (unit === open) this.#endsOpen({ node, at, low, high, depth, nothings, unit: -1 });
      if (unit < 0) break;
      if (children.length > 0) this.#branch(children, at, unit, low, high, depth);
      if (view.leavesTriggers === true && lengthOf(unit) > 1) this.#leave(node, at, low, high, depth);
      at += lengthOf(unit);
      const count = writeBytes(unit, this.#written, 0);
      nothings = count === 0 ? nothings + 1 : 0;
      if (nothings > mostNothings) break;
      for (let index = 0; index < count && low <= high; index += 1) {
        table.narrow(low, high, depth, this.#written[index] ?? 0);
        ({ low, high } = table.found);
        depth += 1;
        if (low > high || table.lengthOf(low) !== depth) continue;
        this.#start.whole = Math.max(this.#start.whole, at - this.#origin);
        low += 1;
      }
    }
  }

  /** Goes on in a view behind an escape sign that is the value's own. */
  #leave(node: ViewNode, at: number, first: number, last: number, depth: number): void {
    const table = this.#table;
    table.narrow(first, last, depth, this.#plain.text[at] ?? 0);
    let { low } = table.found;
    const { high } = table.found;
    if (low <= high && table.lengthOf(low) === depth + 1) {
      this.#start.whole = Math.max(this.#start.whole, at + 1 - this.#origin);
      low += 1;
    }
    if (low <= high) this.#walkThrough(node, at + 1, low, high, depth + 1);
  }

  /** Goes on in every view that shows something else at `at` than `unit`. */
  #branch(nodes: readonly ViewNode[], at: number, unit: Unit, low: number, high: number, depth: number): void {
    if (this.#table.arePlain(low, high)) return;
    const byte = this.#plain.text[at] ?? 0;
    const ascii = asciiOf(unit);
    for (const node of nodes) {
      // Where none of its escapes begins it shows the same, and need not be asked.
      if (node.triggers[node.isOver ? ascii : byte] !== 1) continue;
      const shown = node.layer.read(at);
      if (shown === unit) continue;
      if (shown === open) this.#endsOpen({ node, at, low, high, depth, nothings: 0, unit });
      else if (depth > 0 || !isNothing(shown)) this.#walkThrough(node, at, low, high, depth);
    }
  }

  #endsOpen(end: OpenEnd): void {
    if (this.#plain.final) return;
    this.#start.open = true;
    this.#ends.push({ ...end, at: end.at - this.#origin });
    for (let row = end.low; row <= end.high && this.#isQuarterAtMost; row += 1) {
      this.#isQuarterAtMost = end.depth * 4 <= this.#table.lengthOf(row);
    }
  }
}
