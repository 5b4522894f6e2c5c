import { type BitSet, pairOf } from './bit-set.ts';
import { gramBytes, type GramFilter } from './gram-filter.ts';
import {
  afterNothing,
  again,
  asciiOf,
  beyond,
  isNothing,
  lengthOf,
  lengthSeen,
  mostNothings,
  open,
  plainly,
  seen,
  unclear,
  writeBytes,
  type Unit,
} from '../views/view.ts';
import type { ViewNode, ViewTree } from '../views/view-tree.ts';

/** How near an escape the next one is looked for here, which is faster than a call. */
const nearBytes = 128;

/** What the first bytes of needles are made of: the bytes that one begins with, and each two that follow each other. */
export interface NeedleBytes {
  readonly first: Uint8Array;
  /** At each byte of those that are text. */
  readonly known: Uint8Array;
  readonly pairs: BitSet;
  /** Each two that one begins with. */
  readonly beginnings: BitSet;
}

/** Finds the places where a needle may begin whose first bytes hold an escape, and those where the text is too short to tell. */
export class EscapeFinder {
  readonly #tree: ViewTree;
  readonly #filter: GramFilter;
  readonly #bytes: NeedleBytes;
  readonly #mark: (at: number) => void;
  /** Three bytes before an escape as they are, then the bytes that it and what follows it stand for. */
  readonly #around = new Uint8Array(16);
  /** Where the places end that `markAll` marked last. */
  #markedTo = 0;

  constructor(tree: ViewTree, filter: GramFilter, bytes: NeedleBytes, mark: (at: number) => void) {
    this.#tree = tree;
    this.#filter = filter;
    this.#bytes = bytes;
    this.#mark = mark;
  }

  /** Marks the places where a needle may begin as it is, and the text ends within its window. */
  findEnd(): void {
    const { to } = this.#tree.plain;
    for (let at = Math.max(0, to - this.#filter.window + 1); at < to; at += 1) this.#markPlainly(at, to);
  }

  /** Marks the places that an escape at `at` brings about. */
  findAround(at: number): void {
    const nodes = this.#tree.byTrigger.get(this.#tree.plain.text[at] ?? 0);
    if (nodes !== undefined) this.#glanceAt(nodes, at);
  }

  /** Marks the places that all escapes of the text bring about. */
  find(): void {
    const { text } = this.#tree.plain;
    const words = new DataView(text.buffer, text.byteOffset, text.length);
    for (const [trigger, nodes] of this.#tree.byTrigger) {
      for (let at = text.indexOf(trigger), last = -nearBytes; at !== -1; ) {
        this.#glanceAt(nodes, at);
        const isDense = at - last < nearBytes;
        const following = isDense ? nearby(words, trigger, at + 1) : -1;
        last = at;
        at = following === -1 ? text.indexOf(trigger, at + 1 + (isDense ? nearBytes : 0)) : following;
      }
    }
  }

  #glanceAt(nodes: readonly ViewNode[], at: number): void {
    const { plain } = this.#tree;
    for (const node of nodes) {
      const glance = node.view.glance(plain, at);
      let isSettled = this.#isSettled(node, at, glance);
      if (isSettled && glance >= 0 && (glance & again) === 0) {
        isSettled = this.#isSettled(node, at, node.view.glanceDeeper?.(plain, at) ?? plainly);
      }
      if (!isSettled) this.#markAroundEscape(node, at, plain.read(at));
    }
  }

  /** Settles what was seen at a glance: no needle shows it there, or those that may are marked. */
  #isSettled(node: ViewNode, at: number, glance: number): boolean {
    if (glance === plainly || glance === beyond) return true;
    if (glance === unclear) return false;
    const { text } = this.#tree.plain;
    const { pairs, first, beginnings } = this.#bytes;
    const shown = glance & 0xff;
    const leavesOut = (glance & afterNothing) !== 0;
    const before = at === 0 ? 0 : (text[at - 1] ?? 0);
    if (!pairs.has(pairOf(before, shown)) && (leavesOut || first[shown] === 0)) return true;
    if ((glance & again) !== 0) {
      return !pairs.has(pairOf(before, shown)) && !beginnings.has(pairOf(shown, shown));
    }
    return this.#isSettledWithNext(node, at, glance);
  }

  /** The same, by the three bytes that come after what was seen as well. */
  #isSettledWithNext(node: ViewNode, at: number, glance: number): boolean {
    const { text, to } = this.#tree.plain;
    const around = this.#around;
    const leavesOut = (glance & afterNothing) !== 0;
    let place = at + lengthSeen(glance);
    around[3] = glance & 0xff;
    for (let next = 4; next < 7; next += 1) {
      if (place >= to) return false;
      const byte = text[place] ?? 0;
      const following = node.escapes[byte] === 1 ? this.#following(node, place, byte) : seen(byte, 1);
      if (following < 0) return false;
      around[next] = following & 0xff;
      place += lengthSeen(following);
      if (next === 4 && !this.#maySee(at === 0 ? 0 : (text[at - 1] ?? 0), 2, leavesOut)) return true;
    }
    for (let back = 1; back <= 3; back += 1) around[3 - back] = at < back ? 0 : (text[at - back] ?? 0);
    this.#markAround(at, leavesOut);
    return true;
  }

  /** What a node and all that is looked through it show alike at an escape that follows another, as a glance tells it; `unclear` otherwise. */
  #following({ view, triggers }: ViewNode, at: number, byte: number): number {
    if (triggers[byte] !== 1) return unclear;
    const { plain } = this.#tree;
    const glance = view.glance(plain, at);
    if (glance === plainly) return seen(byte, 1);
    if (glance < 0 || (glance & again) !== 0) return unclear;
    if (view.leavesTriggers === true && this.#bytes.known[byte] === 1) return unclear;
    const deeper = view.glanceDeeper?.(plain, at) ?? plainly;
    return deeper === plainly ? glance : unclear;
  }

  /** Marks where a needle may begin whose first escape, in a view or one looked through it, stands at `at`. */
  #markAroundEscape(node: ViewNode, at: number, unit: Unit): void {
    const shown = node.layer.read(at);
    if (shown === unit) return;
    if (shown === open || !this.#lookAround(node, at, shown)) this.markAll(at);
    if (shown === open) return;
    for (const child of node.children) this.#markAroundEscape(child, at, shown);
  }

  /** Marks what `#markAroundEscape` looks for in one view. `false` where that takes more than its first bytes to tell. */
  #lookAround(node: ViewNode, at: number, first: Unit): boolean {
    const around = this.#around;
    const { layer } = node;
    const { text } = this.#tree.plain;
    const before = at === 0 ? 0 : (text[at - 1] ?? 0);
    let count = 0;
    let nothings = 0;
    let unit = first;
    around.fill(0);
    for (let place = at; count < gramBytes; unit = layer.read(place)) {
      if (unit < 0 || (place > at && this.#mayShowElse(node, place, unit))) return false;
      place += lengthOf(unit);
      nothings = isNothing(unit) ? nothings + 1 : 0;
      if (nothings > mostNothings) break;
      count += writeBytes(unit, around, 3 + count);
      if (count > 0 && !this.#maySee(before, count, isNothing(first))) return true;
    }
    for (let back = 1; back <= 3; back += 1) around[3 - back] = at < back ? 0 : (text[at - back] ?? 0);
    this.#markAround(at, isNothing(first));
    return true;
  }

  /** Whether another view goes on from this one at a place, or an escape there may be the value's own text. */
  #mayShowElse({ children, view }: ViewNode, at: number, unit: Unit): boolean {
    if (lengthOf(unit) === 1 && children.length === 0) return false;
    if (view.leavesTriggers === true && lengthOf(unit) > 1 && this.#bytes.known[this.#tree.plain.text[at] ?? 0] === 1)
      return true;
    const byte = this.#tree.plain.text[at] ?? 0;
    const ascii = asciiOf(unit);
    for (const child of children) {
      if (child.triggers[child.isOver ? ascii : byte] === 1 && child.layer.read(at) !== unit) return true;
    }
    return false;
  }

  /** Whether a needle may hold the first of the bytes seen, after the byte before it, or begin with the first two. */
  #maySee(before: number, count: number, leavesOut: boolean): boolean {
    const { pairs, first, beginnings } = this.#bytes;
    const shown = this.#around[3] ?? 0;
    if (pairs.has(pairOf(before, shown))) return true;
    if (leavesOut || first[shown] === 0) return false;
    return count === 1 || beginnings.has(pairOf(shown, this.#around[4] ?? 0));
  }

  #markAround(at: number, leavesOut: boolean): void {
    const filter = this.#filter;
    if (at >= 3 && this.#mayHold(0)) {
      for (let from = Math.max(0, at - filter.window + 1); from <= at - gramBytes; from += 1)
        this.#markPlainly(from, at);
      if (this.#mayBegin(0)) this.#mark(at - 3);
    }
    if (at >= 2 && this.#mayBegin(1)) this.#mark(at - 2);
    if (at >= 1 && this.#mayBegin(2)) this.#mark(at - 1);
    if (!leavesOut && this.#mayBegin(3)) this.#mark(at);
  }

  #mayHold(index: number): boolean {
    const around = this.#around;
    return this.#filter.mayHold(
      around[index] ?? 0,
      around[index + 1] ?? 0,
      around[index + 2] ?? 0,
      around[index + 3] ?? 0,
    );
  }

  #mayBegin(index: number): boolean {
    const around = this.#around;
    return this.#filter.mayBegin(
      around[index] ?? 0,
      around[index + 1] ?? 0,
      around[index + 2] ?? 0,
      around[index + 3] ?? 0,
    );
  }

  /** Marks all places that an escape at `at` may bring about. `follows`: those were marked that the escape before it may. */
  markAll(at: number, follows = false): void {
    const from = follows ? this.#markedTo : at - this.#filter.window + 1;
    for (let place = Math.max(0, from); place < at; place += 1) this.#markPlainly(place, at);
    this.#mark(at);
    this.#markedTo = at + 1;
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

/** The first place of a byte among the next ones from `from` on; -1 when it is not near. Looks at four bytes at once. */
function nearby(words: DataView, byte: number, from: number): number {
  const to = Math.min(from + nearBytes, words.byteLength);
  const alike = Math.imul(byte, 0x01010101);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const differences = words.getInt32(at, true) ^ alike;
    // The lowest bit that is set is the top of the first byte that is zero.
    const zeros = (differences - 0x01010101) & ~differences & 0x80808080;
    if (zeros !== 0) return at + ((31 - Math.clz32(zeros & -zeros)) >> 3);
  }
  for (; at < to; at += 1) if (words.getUint8(at) === byte) return at;
  return -1;
}
