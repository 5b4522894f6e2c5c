import type { NeedleWalk, SecretStart } from './needle-walk.ts';
import type { PlaceMarks } from './place-marks.ts';
import { StartTree, textEnd } from './start-tree.ts';
import { isBlank, wordBytes, type PlainLayer } from '../views/view-tree.ts';

/** Places so near each other are all resolved, for each tells of the next one. */
const nearPlaces = 8;

/** So many are looked over at once where nothing begins. */
const skimmedPlaces = 64;

/** What begins is remembered where so many walks were near each other, or one had so many steps: others cost less than that. */
const fewWalks = 4;
const fewSteps = 16;

/** What takes more bytes to tell is not remembered. */
export const rememberedBytes = 256;

/** When so much is remembered, all is forgotten, and begins anew. */
const mostNodes = 65_536;

/** A place where a needle begins or may begin, and what overlaps it. */
export interface FoundStart {
  readonly at: number;
  /** How many bytes are those of needles: of the longest that begins there, and of others that begin within them; 0 for none. */
  readonly whole: number;
  /** Whether a longer one may begin there: the text ends before that is clear. */
  readonly open: boolean;
  /** The last place of which `whole` tells what begins. */
  readonly last: number;
}

/**
 * What begins at a place is told by some bytes from there on and by how long a word ends before it. So where the same bytes
 * come again, in any text, the same begins, and no walk is needed. What is known is a tree of those bytes, in which each node
 * knows where its bytes lead without the first of them: what begins at the next place is looked up from there. So each byte
 * of a text is looked at once, however many bytes tell what begins at a place.
 */
export class RememberedStarts {
  readonly #walk: NeedleWalk;
  readonly #plain: PlainLayer;
  readonly #marks: PlaceMarks;
  readonly #found = { at: 0, whole: 0, open: false, last: 0 };
  readonly #tree = new StartTree(wordBytes + 1);
  /** The place that was resolved last, and the node that its bytes lead to; 0 for none. */
  #last = -1;
  #node = 0;
  /** How many walks were near each other. */
  #near = 0;

  constructor(walk: NeedleWalk, plain: PlainLayer, marks: PlaceMarks) {
    this.#walk = walk;
    this.#plain = plain;
    this.#marks = marks;
  }

  /** Another text comes. */
  look(): void {
    this.#last = -1;
    this.#node = 0;
    this.#near = 0;
  }

  /** The first marked place from `from` on where a needle begins, or may begin; the text's length when there is none. Good until the next call. */
  next(from: number): FoundStart {
    const { to, final } = this.#plain;
    const marks = this.#marks;
    for (let at = marks.next(from); at < to; ) {
      if (final) this.#walkAt(at);
      else this.#resolveNear(at);
      if (this.#found.open) return this.#found;
      if (this.#found.whole > 0) return this.#withOverlapping();
      const following = marks.next(at + 1);
      at = following - at <= nearPlaces && this.#node !== 0 ? marks.next(this.#skim(at) + 1) : following;
    }
    this.#found.at = to;
    return this.#found;
  }

  /** Goes on over what begins within the needle that was found, as far as that is remembered. */
  #withOverlapping(): FoundStart {
    const tree = this.#tree;
    const { text } = this.#plain;
    const found = this.#found;
    let { last } = found;
    let end = last + found.whole;
    for (let node = this.#node; last + 1 < end && node !== 0; last += 1) {
      node = tree.follow(node, text, last + 1);
      if (node === 0 || tree.isUndecided(node)) break;
      this.#node = node;
      end = Math.max(end, last + 1 + tree.wholeOf(node));
    }
    if (last > found.last) this.#last = last;
    found.whole = end - found.at;
    found.last = last;
    return found;
  }

  /** From a resolved place on, the last one up to which nothing begins, as far as that is remembered: some dozens at once. */
  #skim(at: number): number {
    const tree = this.#tree;
    const { text, to } = this.#plain;
    const before = Math.min(to, at + skimmedPlaces);
    let last = at;
    for (let node = this.#node; last + 1 < before; last += 1) {
      node = tree.follow(node, text, last + 1);
      if (node === 0 || tree.wholeOf(node) !== 0 || tree.isUndecided(node)) break;
      this.#node = node;
    }
    this.#last = last;
    return last;
  }

  #resolveNear(at: number): void {
    const isNear = this.#last >= 0 && at > this.#last && at - this.#last <= nearPlaces;
    this.#near = isNear ? this.#near + 1 : 0;
    if (isNear && this.#node !== 0) for (let place = this.#last + 1; place < at; place += 1) this.#resolve(place);
    this.#resolve(at);
  }

  #resolve(at: number): void {
    const tree = this.#tree;
    const { text } = this.#plain;
    const before = at === this.#last + 1 ? this.#node : 0;
    const node = (before === 0 ? 0 : tree.follow(before, text, at)) || this.#lookUp(at, before);
    this.#last = at;
    if (tree.toldBy(node) === 0) {
      this.#walkFrom(at, node);
      return;
    }
    this.#node = tree.isEndOfText(node) ? 0 : node;
    this.#take(at, tree.wholeOf(node), tree.isOpen(node));
  }

  #take(at: number, whole: number, open: boolean): void {
    this.#found.at = at;
    this.#found.last = at;
    this.#found.whole = whole;
    this.#found.open = open;
  }

  /** The node that tells what begins at `at`, or the furthest on the way to it; `before` is that of the place before, 0 for none. */
  #lookUp(at: number, before: number): number {
    const tree = this.#tree;
    const { text, to } = this.#plain;
    const isFull = tree.size > mostNodes;
    if (isFull) tree.clear();
    let node = before === 0 || isFull ? tree.rootOf(this.#wordBefore(at)) : this.#withoutFirst(before, at);
    for (let end = at + tree.depthOf(node); tree.toldBy(node) === 0; end += 1) {
      const child = tree.childOf(node, end < to ? (text[end] ?? 0) : textEnd);
      if (child === 0) break;
      node = child;
    }
    return node;
  }

  /** The node of the bytes that led to another, but for the first of them: they begin at `at`. */
  #withoutFirst(longer: number, at: number): number {
    const tree = this.#tree;
    const link = tree.linkOf(longer);
    if (link !== 0) return link;
    const { text } = this.#plain;
    const end = at + tree.depthOf(longer) - 1;
    let node = tree.rootOf(this.#wordBefore(at));
    for (let place = at; place < end; place += 1) {
      const symbol = text[place] ?? 0;
      node = tree.childOf(node, symbol) || tree.add(node, symbol);
    }
    tree.link(longer, node);
    return node;
  }

  /** Walks, and remembers it from a node of the tree on. */
  #walkFrom(at: number, from: number): void {
    const tree = this.#tree;
    const { text, to } = this.#plain;
    const steps = this.#walk.steps;
    const { whole, open, looked } = this.#walkAt(at);
    const isCheap = this.#near < fewWalks && this.#walk.steps - steps < fewSteps;
    this.#node = 0;
    if (isCheap || looked > rememberedBytes) return;
    let node = from;
    for (let end = at + tree.depthOf(from); end < at + looked; end += 1) {
      node = tree.add(node, end < to ? (text[end] ?? 0) : textEnd);
    }
    tree.tell(node, whole, open, looked);
    if (!tree.isEndOfText(node)) this.#node = node;
  }

  #walkAt(at: number): SecretStart {
    const start = this.#walk.startAt(at);
    this.#take(at, start.whole, start.open);
    return start;
  }

  /** How long a word ends before a place. */
  #wordBefore(at: number): number {
    const { text, before } = this.#plain;
    let word = 0;
    for (let place = at - 1; word < wordBytes; place -= 1) {
      const byte = place >= 0 ? text[place] : before[before.length + place];
      if (byte === undefined || isBlank(byte)) break;
      word += 1;
    }
    return word;
  }
}
