import { lineKernelBytes } from './line-kernel-bytes.ts';

/**
 * One memory for the text of lines and for the tables of their forms, where a kernel in WebAssembly compares sixteen bytes at
 * once. It belongs to one thread.
 */
export interface LineMemory {
  /** Positions of lines are counted from its start. */
  readonly text: Buffer;
  /** Takes a part of the text for good, of which its taker reads lines; returns where it begins. `null`: it has no room left. */
  takeText(bytes: number): number | null;
  /** Takes room for tables. `null`: there is none left. */
  takeTables(bytes: number): TableRoom | null;
  /** 1 if the line has all pieces of the template in these tables, as `LineTemplate.matches` has it; else 0. */
  readonly matches: (tables: number, from: number, to: number) => number;
  /** The first line end from `from` on, or `to`. */
  readonly endOfLine: (from: number, to: number) => number;
}

/** Room at a multiple of sixteen bytes. */
export interface TableRoom {
  readonly buffer: ArrayBuffer;
  readonly at: number;
}

/** Where `line-kernel.wat` has the text; the tables are before it. */
const textFrom = 0x20_0000;
/** A block of rows, and the records of a few windows of time. Pages that nothing is written to cost nothing. */
const textBytes = 24 * 1024 * 1024;
const pageBytes = 65_536;
/** What the kernel may read beyond a text. */
const spareBytes = 64;

interface Exports {
  readonly matches: LineMemory['matches'];
  readonly endOfLine: LineMemory['endOfLine'];
}

/** What is used of WebAssembly: its types belong to browsers, and Node's leave them out. */
interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** `null` where this Node has no WebAssembly: JavaScript reads the same there, more slowly. */
export function createLineMemory(): LineMemory | null {
  const instance = instantiate();
  if (instance === null) return null;
  const { buffer, matches, endOfLine } = instance;
  const text = Buffer.from(buffer, textFrom, textBytes);
  const takeText = taker(0, textBytes - spareBytes);
  const takeTables = taker(0, textFrom);
  return {
    text,
    takeText,
    takeTables(bytes) {
      const at = takeTables(bytes);
      return at === null ? null : { buffer, at };
    },
    matches,
    endOfLine,
  };
}

function instantiate(): (Exports & { readonly buffer: ArrayBuffer }) | null {
  try {
    const { Memory, Module, Instance } = webAssembly();
    const memory = new Memory({ initial: (textFrom + textBytes) / pageBytes });
    const module = new Module(Buffer.from(lineKernelBytes, 'base64'));
    const { matches, endOfLine } = new Instance(module, { host: { memory } }).exports as Exports;
    return { buffer: memory.buffer, matches, endOfLine };
  } catch {
    // No WebAssembly (`--jitless`), or no room in the address space.
    return null;
  }
}

function taker(from: number, to: number) {
  let next = from;
  return (bytes: number): number | null => {
    const at = next;
    const end = at + ((bytes + 15) & ~15);
    if (end > to) return null;
    next = end;
    return at;
  };
}

function webAssembly(): WebAssemblyApi {
  return (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
}
