import { gramBytes, type GramFilter } from './gram-filter.ts';
import { mostNothings } from './needle-walk.ts';
import { isNothing, lengthOf, open, writeBytes, type Unit } from '../views/view.ts';
import type { ViewNode, ViewTree } from '../views/view-tree.ts';

/** How near an escape the next one is looked for byte by byte, which is faster there than a call. */
const nearBytes = 48;

/** Bytes that count for needles: 1 at each that is in one, and at each that one begins with. */
export interface NeedleBytes {
  readonly known: Uint8Array;
  readonly first: Uint8Array;
}

/** Finds the places where a needle may begin whose first bytes hold an escape, and those where the text is too short to tell. */
export class EscapeFinder {
  readonly #tree: ViewTree;
  readonly #filter: GramFilter;
  readonly #bytes: NeedleBytes;
  readonly #mark: (at: number) => void;
  /** Three bytes before an escape as they are, then the bytes that it and what follows it stand for. */
  readonly #around = new Uint8Array(16);

  constructor(tree: ViewTree, filter: GramFilter, bytes: NeedleBytes, mark: (at: number) => void) {
    this.#tree = tree;
    this.#filter = filter;
    this.#bytes = bytes;
    this.#mark = mark;
  }

  /** Marks such places of the text that the views look at. */
  find(): void {
    const { text, to } = this.#tree.plain;
    for (let at = Math.max(0, to - this.#filter.window + 1); at < to; at += 1) this.#markPlainly(at, to);
    for (const [trigger, nodes] of this.#tree.byTrigger) {
      for (let at = text.indexOf(trigger); at !== -1; ) {
        this.#findAround(nodes, at, this.#tree.plain.read(at));
        let following = at + 1;
        const near = Math.min(to, following + nearBytes);
        while (following < near && text[following] !== trigger) following += 1;
        at = following < near ? following : text.indexOf(trigger, following);
      }
    }
  }

  /** Marks where a needle may begin whose first escape, in one of these views, stands at `at`. */
  #findAround(nodes: readonly ViewNode[], at: number, unit: Unit): void {
    for (const node of nodes) {
      const shown = node.layer.read(at);
      if (shown === unit) continue;
      if (shown === open || !this.#readAround(node, at, shown)) {
        this.#markAll(at);
        continue;
      }
      if (this.#bytes.known[this.#around[3] ?? 0] === 1) this.#markAround(at, isNothing(shown));
      if (node.children.length > 0) this.#findAround(node.children, at, shown);
    }
  }

  /** Reads what an escape and those after it stand for, four bytes of it. `false` when the text ends before. */
  #readAround({ layer }: ViewNode, at: number, first: Unit): boolean {
    const around = this.#around;
    around.fill(0);
    const { text } = this.#tree.plain;
    for (let back = 1; back <= 3; back += 1) around[3 - back] = at < back ? 0 : (text[at - back] ?? 0);
    let count = 0;
    let nothings = 0;
    let unit = first;
    for (let place = at; count < gramBytes; unit = layer.read(place)) {
      if (unit < 0) return false;
      if (isNothing(unit)) nothings += 1;
      if (nothings > mostNothings) break;
      count += writeBytes(unit, around, 3 + count);
      if (count > 0 && this.#bytes.known[around[3] ?? 0] !== 1) break;
      place += lengthOf(unit);
    }
    return true;
  }

  #markAround(at: number, leavesOut: boolean): void {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = this.#around;
    const filter = this.#filter;
    if (at >= 3 && filter.mayHold(a, b, c, d)) {
      for (let from = Math.max(0, at - filter.window + 1); from <= at - gramBytes; from += 1)
        this.#markPlainly(from, at);
      if (filter.mayBegin(a, b, c, d)) this.#mark(at - 3);
    }
    if (at >= 2 && filter.mayBegin(b, c, d, e)) this.#mark(at - 2);
    if (at >= 1 && filter.mayBegin(c, d, e, f)) this.#mark(at - 1);
    if (!leavesOut && filter.mayBegin(d, e, f, g)) this.#mark(at);
  }

  /** Where too little is known to tell. */
  #markAll(at: number): void {
    for (let from = Math.max(0, at - this.#filter.window + 1); from < at; from += 1) this.#markPlainly(from, at);
    this.#mark(at);
  }

  /** Marks a place where a needle may begin with the bytes before `to` as they are. */
  #markPlainly(at: number, to: number): void {
    const { text } = this.#tree.plain;
    const first = text[at] ?? 0;
    if (this.#bytes.first[first] !== 1) return;
    if (to - at >= gramBytes && !this.#filter.mayBegin(first, text[at + 1] ?? 0, text[at + 2] ?? 0, text[at + 3] ?? 0))
      return;
    this.#mark(at);
  }
}
