/** The symbol after the last byte of a text that is not the last one. */
export const textEnd = 256;

const symbols = 257;
const leastNodes = 64;

/**
 * What begins at places of texts, by the bytes from there on. Each node is a number, 0 is none; a child has one byte more
 * than its parent. Where the bytes of a node tell what begins, those of its children tell it too.
 */
export class StartTree {
  readonly #roots: number;
  /** One more than the last node. */
  #size: number;
  #depths = new Uint16Array(leastNodes);
  #tolds = new Uint16Array(leastNodes);
  #wholes = new Int32Array(leastNodes);
  /** 1 where a longer one may begin, 2 where the end of the text told it. */
  #kinds = new Uint8Array(leastNodes);
  #links = new Int32Array(leastNodes);
  /** A hash table of children: by node and symbol, with places twice as many as nodes. */
  #keys = new Int32Array(leastNodes * 2);
  #children = new Int32Array(leastNodes * 2);
  #shift = 32 - Math.log2(leastNodes * 2);

  /** With roots of so many kinds. */
  constructor(roots: number) {
    this.#roots = roots;
    this.#size = roots + 1;
  }

  get size(): number {
    return this.#size;
  }

  rootOf(kind: number): number {
    return kind + 1;
  }

  /** How many symbols lead to a node. */
  depthOf(node: number): number {
    return this.#depths[node] ?? 0;
  }

  /** How many of a node's symbols tell what begins; 0 where more do. */
  toldBy(node: number): number {
    return this.#tolds[node] ?? 0;
  }

  /** How many bytes the needle takes that begins; 0 for none. */
  wholeOf(node: number): number {
    return this.#wholes[node] ?? 0;
  }

  /** Whether a longer one may begin. */
  isOpen(node: number): boolean {
    return ((this.#kinds[node] ?? 0) & 1) !== 0;
  }

  /** Whether a longer one may begin, or the text ends before that is told. */
  isUndecided(node: number): boolean {
    return this.#kinds[node] !== 0;
  }

  /** Whether the last symbol of a node is the end of a text. */
  isEndOfText(node: number): boolean {
    return ((this.#kinds[node] ?? 0) & 2) !== 0;
  }

  /** The node of the same bytes without the first of them; 0 where that is not known. */
  linkOf(node: number): number {
    return this.#links[node] ?? 0;
  }

  link(longer: number, node: number): void {
    this.#links[longer] = node;
  }

  childOf(node: number, symbol: number): number {
    const key = node * symbols + symbol;
    const keys = this.#keys;
    let place = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    for (let there = keys[place]; there !== 0; there = keys[place]) {
      if (there === key) return this.#children[place] ?? 0;
      place = (place + 1) & (keys.length - 1);
    }
    return 0;
  }

  /**
   * From the node of the place before `at`, the node that tells what begins at `at`; 0 where that is not known, or where the
   * text ends before it is told.
   */
  follow(before: number, text: Buffer, at: number): number {
    const tolds = this.#tolds;
    let node = this.linkOf(before);
    if (tolds[node] !== 0 || node === 0) return node;
    for (let end = at + this.depthOf(node); node !== 0 && tolds[node] === 0; end += 1) {
      node = end < text.length ? this.childOf(node, text[end] ?? 0) : 0;
    }
    return node;
  }

  /** The child of a node by a symbol, made where there was none. */
  add(node: number, symbol: number): number {
    if (this.#size === this.#depths.length) this.#grow();
    const child = this.#size;
    this.#size += 1;
    this.#depths[child] = this.depthOf(node) + 1;
    this.#tolds[child] = this.toldBy(node);
    this.#wholes[child] = this.wholeOf(node);
    this.#kinds[child] = (this.#kinds[node] ?? 0) | (symbol === textEnd ? 2 : 0);
    this.#links[child] = 0;
    this.#enter(node * symbols + symbol, child);
    return child;
  }

  /** So many of a node's symbols tell what begins. */
  tell(node: number, whole: number, open: boolean, by: number): void {
    this.#tolds[node] = by;
    this.#wholes[node] = whole;
    this.#kinds[node] = ((this.#kinds[node] ?? 0) & 2) | (open ? 1 : 0);
  }

  /** Forgets all but the roots. */
  clear(): void {
    this.#size = this.#roots + 1;
    this.#keys.fill(0);
  }

  #enter(key: number, child: number): void {
    const keys = this.#keys;
    let place = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    while (keys[place] !== 0) place = (place + 1) & (keys.length - 1);
    keys[place] = key;
    this.#children[place] = child;
  }

  #grow(): void {
    const keys = this.#keys;
    const children = this.#children;
    const length = this.#depths.length * 2;
    this.#depths = grown(this.#depths, new Uint16Array(length));
    this.#tolds = grown(this.#tolds, new Uint16Array(length));
    this.#wholes = grown(this.#wholes, new Int32Array(length));
    this.#kinds = grown(this.#kinds, new Uint8Array(length));
    this.#links = grown(this.#links, new Int32Array(length));
    this.#keys = new Int32Array(length * 2);
    this.#children = new Int32Array(length * 2);
    this.#shift -= 1;
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] ?? 0;
      if (key !== 0) this.#enter(key, children[place] ?? 0);
    }
  }
}

function grown<Numbers extends { set(from: Numbers): void }>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
