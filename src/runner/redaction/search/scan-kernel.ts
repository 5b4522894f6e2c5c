import type { BitSet } from './bit-set.ts';
import type { NeedleBytes } from './escape-finder.ts';
import type { GramFilter } from './gram-filter.ts';
import type { PlaceMarks } from './place-marks.ts';
import { roomIn, roomSize } from './reading-room.ts';
import { scanKernelBytes } from './scan-kernel-bytes.ts';
import { longestName } from '../views/entities.ts';
import { lengthSeen, plainly, type PlainBytes } from '../views/view.ts';
import type { ViewNode, ViewTree } from '../views/view-tree.ts';

/** The first look at a text, in WebAssembly: a processor looks at sixteen bytes at once there. */
export interface ScanKernel {
  /** Texts of more bytes do not fit. */
  readonly capacity: number;
  /** Marks the places of a text where a needle may begin as it is; reports the escapes that need a closer look. */
  scan(text: Buffer): void;
}

/** A pipe's chunk, and a value of 25 KB that was held back before it, in escapes of a dozen bytes. */
const capacity = 393_216;

/** A load of sixteen bytes may begin at the last of a text; one before the first looks at as many. */
const margin = 64;

/** A command has two streams. */
const mostRooms = 2;

/** 4.5 MiB, in pages of 64 KiB: all tables, as large as they become, and the texts. */
const memoryPages = 72;

/** Where `scan-kernel.wat` has its tables. */
const tables = {
  kinds: 0x000,
  first: 0x100,
  afterBackslash: 0x200,
  digits: 0x300,
  next: 0x400,
  escapes: 0x500,
  lower: 0x600,
  upper: 0x610,
  bits: 0x620,
  known: 0x700,
  pairs: 0x1000,
  beginnings: 0x3000,
  /** From here on: two rooms, a margin before each. */
  rooms: 0x5040,
} as const;

/** The kinds of triggers that it knows, by the views that begin there. Others, and other views together, are reported always. */
const kinds: readonly { readonly kind: number; readonly trigger: string; readonly views: readonly string[] }[] = [
  { kind: 1, trigger: '%', views: ['percent-encoding', 'doubled percent signs', 'carets'] },
  { kind: 2, trigger: '=', views: ['quoted-printable'] },
  { kind: 3, trigger: '&', views: ['entities'] },
  { kind: 4, trigger: '\u001b', views: ['colours'] },
  { kind: 5, trigger: '\\', views: ['backslash escapes'] },
  { kind: 6, trigger: '\n', views: ['wrapped lines', 'folded lines'] },
  { kind: 6, trigger: '\r', views: ['wrapped lines', 'folded lines'] },
  { kind: 7, trigger: '+', views: ['form encoding'] },
  // From eight on: the byte that follows tells whether there is an escape.
  { kind: 8, trigger: "'", views: ['single quotes', 'shell quotes'] },
  { kind: 9, trigger: '"', views: ['doubled double quotes'] },
  { kind: 10, trigger: '$', views: ['doubled dollars'] },
  { kind: 11, trigger: '^', views: ['carets'] },
  { kind: 12, trigger: '`', views: ['back-ticks'] },
];
const firstByNext = 8;
const reportedAlways = 16;

/** What is used of WebAssembly: its types belong to browsers, and Node's leave them out. */
interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Global {
  value: number;
}

interface Exports {
  readonly held: Global;
  readonly heldSecond: Global;
  readonly begun: Global;
  readonly begunSecond: Global;
  readonly shift: Global;
  readonly marks: Global;
  readonly reports: Global;
  readonly name: Global;
  readonly firstMark: Global;
  readonly firstReport: Global;
  begin(text: number, end: number): void;
  findEscapes(): void;
  findWindows(stride: number, held: number, heldSecond: number, offsets: number, shift: number): void;
  findShort(stride: number, held: number, offsets: number): void;
}

/** The memory of a kernel, reserved at its first use. Pages that nothing is written to cost nothing. */
export class ScanMemory {
  #memory: Memory | null | undefined;
  #rooms = 0;

  /** `kernel: false`: nothing is reserved, and texts are searched in JavaScript alone: for many short ones. */
  constructor({ kernel = true } = {}) {
    if (!kernel) this.#memory = null;
  }

  /** A room for a stream's chunks. Two are in this memory, where the kernel looks at a text without copying it. */
  room(): Buffer {
    const memory = this.#reserved();
    if (memory === null || this.#rooms === mostRooms) return roomIn(new ArrayBuffer(roomSize), 0);
    this.#rooms += 1;
    return roomIn(memory.buffer, tables.rooms + (this.#rooms - 1) * (roomSize + margin));
  }

  /**
   * Makes the kernel for these needles, which keeps here what it `marks` and `reports`. `null` where this Node has no
   * WebAssembly: it may be started without, to be hardened.
   */
  kernel(
    filter: GramFilter,
    tree: ViewTree,
    bytes: NeedleBytes,
    marks: PlaceMarks,
    reports: PlaceMarks,
  ): ScanKernel | null {
    const memory = this.#reserved();
    if (memory === null) return null;
    const all = new Uint8Array(memory.buffer);
    const places = layOut(filter);
    fillTables(all, tree, bytes);
    fillGrams(all, filter, places);
    marks.keepIn(new Int32Array(memory.buffer, places.marks, capacity >>> 5));
    reports.keepIn(new Int32Array(memory.buffer, places.reports, capacity >>> 5));
    return instantiate(memory, all, filter, places, marks, reports);
  }

  #reserved(): Memory | null {
    if (this.#memory !== undefined) return this.#memory;
    try {
      const { Memory } = webAssembly();
      this.#memory = new Memory({ initial: memoryPages });
    } catch {
      // No WebAssembly (`--jitless`), or no room in the address space: the search in JavaScript finds the same, more slowly.
      this.#memory = null;
    }
    return this.#memory;
  }
}

function instantiate(
  memory: Memory,
  all: Uint8Array,
  { all: { shift }, long, short }: GramFilter,
  places: Places,
  marks: PlaceMarks,
  reports: PlaceMarks,
): ScanKernel {
  const { Module, Instance } = webAssembly();
  const module = new Module(Buffer.from(scanKernelBytes, 'base64'));
  const exports = new Instance(module, { host: { memory } }).exports as Exports;
  exports.held.value = places.held;
  exports.heldSecond.value = places.heldSecond;
  exports.begun.value = places.begun;
  exports.begunSecond.value = places.begunSecond;
  exports.shift.value = shift;
  exports.marks.value = places.marks;
  exports.reports.value = places.reports;
  exports.name.value = longestName;
  return {
    capacity,
    scan(text: Buffer) {
      const isHere = text.buffer === memory.buffer;
      if (!isHere) all.set(text, places.text);
      const from = isHere ? text.byteOffset : places.text;
      const end = from + text.length;
      exports.begin(from, end);
      exports.findEscapes();
      exports.findWindows(long.stride, places.long, places.longSecond, places.offsets, long.shift);
      if (short !== null) exports.findShort(short.stride, places.shortHeld, places.shortOffsets);
      marks.notBefore(exports.firstMark.value);
      reports.notBefore(exports.firstReport.value);
    },
  };
}

interface Places {
  readonly held: number;
  readonly heldSecond: number;
  readonly begun: number;
  readonly begunSecond: number;
  readonly long: number;
  readonly longSecond: number;
  readonly offsets: number;
  readonly shortHeld: number;
  readonly shortOffsets: number;
  readonly marks: number;
  readonly reports: number;
  readonly text: number;
}

/** Where in the memory each table is. */
function layOut({ all, long, short }: GramFilter): Places {
  let end = tables.rooms + mostRooms * (roomSize + margin);
  const take = (size: number) => {
    const from = end;
    end += (size + 15) & ~15;
    return from;
  };
  const takeBits = ({ bits }: BitSet) => take(bits.length);
  const held = takeBits(all.held.first);
  const heldSecond = takeBits(all.held.second);
  return {
    held,
    heldSecond,
    begun: takeBits(all.begun.first),
    begunSecond: takeBits(all.begun.second),
    long: long === all ? held : takeBits(long.held.first),
    longSecond: long === all ? heldSecond : takeBits(long.held.second),
    offsets: take(long.offsets.byteLength),
    shortHeld: short === null ? 0 : takeBits(short.held),
    shortOffsets: short === null ? 0 : take(short.offsets.byteLength),
    marks: take(capacity >>> 3),
    reports: take(capacity >>> 3),
    text: take(margin + capacity + margin) + margin,
  };
}

function webAssembly(): WebAssemblyApi {
  return (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
}

function fillTables(all: Uint8Array, tree: ViewTree, bytes: NeedleBytes): void {
  const { byTrigger } = tree;
  for (const [trigger, nodes] of byTrigger) {
    const kind = kindOf(trigger, nodes);
    all[tables.kinds + trigger] = kind;
    // Six bits of the upper half are in use at most; each trigger's is that of its upper four bits.
    const bit = 1 << (trigger >>> 4);
    const lower = tables.lower + (trigger & 15);
    all[lower] = (all[lower] ?? 0) | bit;
    all[tables.upper + (trigger >>> 4)] = bit;
    for (let byte = 0; byte < 256; byte += 1) {
      if (nodes.some(({ escapes }) => escapes[byte] === 1)) setBit(all, tables.escapes + byte, kind);
      if (kind < firstByNext || kind === reportedAlways) continue;
      const isPlain = nodes.every(({ view }) => view.glance(follow(trigger, byte), 0) === plainly);
      if (isPlain) setBit(all, tables.next + byte, kind - firstByNext);
    }
  }
  const [backslash] = byTrigger.get(0x5c) ?? [];
  for (let byte = 0; byte < 256; byte += 1) {
    const digit = Number.parseInt(String.fromCharCode(byte), 16);
    all[tables.digits + byte] = Number.isNaN(digit) ? 0xff : digit;
    const glance = backslash?.view.glance(follow(0x5c, byte), 0) ?? -1;
    const isLetter = byte > 0x20 && byte !== 0x5c && glance >= 0 && lengthSeen(glance) === 2;
    all[tables.afterBackslash + byte] = isLetter || byte === 0x20 ? glance & 0xff : 0xff;
  }
  for (let bit = 0; bit < 8; bit += 1) setBit(all, tables.bits + bit, bit);
  all.set(bytes.first, tables.first);
  all.set(bytes.known, tables.known);
  all.set(bytes.pairs.bits, tables.pairs);
  all.set(bytes.beginnings.bits, tables.beginnings);
}

function kindOf(trigger: number, nodes: readonly ViewNode[]): number {
  const found = kinds.find((one) => one.trigger.charCodeAt(0) === trigger);
  return found !== undefined && nodes.every(({ view }) => found.views.includes(view.name))
    ? found.kind
    : reportedAlways;
}

/** A text that begins with two bytes and goes on with nothing that an escape could hold. */
function follow(first: number, second: number): PlainBytes {
  const text = Buffer.alloc(256, '~');
  text[0] = first;
  text[1] = second;
  return { text, to: text.length, isWithinWord: () => false };
}

function setBit(all: Uint8Array, place: number, bit: number): void {
  all[place] = (all[place] ?? 0) | (1 << bit);
}

function fillGrams(memory: Uint8Array, { all, long, short }: GramFilter, places: Places): void {
  memory.set(all.held.first.bits, places.held);
  memory.set(all.held.second.bits, places.heldSecond);
  memory.set(all.begun.first.bits, places.begun);
  memory.set(all.begun.second.bits, places.begunSecond);
  memory.set(long.held.first.bits, places.long);
  memory.set(long.held.second.bits, places.longSecond);
  memory.set(new Uint8Array(long.offsets.buffer), places.offsets);
  if (short === null) return;
  memory.set(short.held.bits, places.shortHeld);
  memory.set(new Uint8Array(short.offsets.buffer), places.shortOffsets);
}
