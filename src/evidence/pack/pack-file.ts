import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { PackSink } from './pack-sink.ts';

/** A part is closed after this many bytes, which bounds memory use per file. */
const bytesPerPart = 8_000_000;
/**
 * Up to this many rows, each row has its own digest, so that `verify` can name the row; beyond it, each hundred rows
 * share one.
 */
const mostSingleRows = 1_000;

/** One file of a pack, as manifests list it. */
export interface PackFile {
  readonly path: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Its contents in a few words. */
  readonly description: string;
  readonly rows: number | null;
  /**
   * First 16 hexadecimal digits of sha256 of each run of `rowsPerDigest` rows as they are without compression, line ends
   * included; empty for files without rows.
   */
  readonly rowDigests: readonly string[];
  readonly rowsPerDigest: number;
}

const mediaTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gz: 'application/gzip',
  html: 'text/html',
  json: 'application/json',
  kql: 'text/plain',
  ndjson: 'application/x-ndjson',
  pdf: 'application/pdf',
  pem: 'application/x-pem-file',
};

/** Writes one complete file. Returns its manifest entry. */
export async function writePackFile(
  sink: PackSink,
  path: string,
  bytes: Uint8Array,
  description: string,
): Promise<PackFile> {
  await sink.write(path, bytes);
  return described(path, bytes, { description, rows: null, rowDigests: [], rowsPerDigest: 1 });
}

/** Writes a JSON file in canonical form, followed by one line end. */
export async function writeJsonFile(
  sink: PackSink,
  path: string,
  value: JsonValue,
  description: string,
): Promise<PackFile> {
  return await writePackFile(sink, path, Buffer.from(jsonText(value)), description);
}

/** JSON in the only form that a pack may contain: canonical, followed by one line end. */
export function jsonText(value: JsonValue): string {
  return `${canonicalJson(value)}\n`;
}

/** The lines of `sha256sum`, in binary mode's older form without an asterisk: digest, two spaces, path. */
export function sumLines(files: readonly Pick<PackFile, 'path' | 'sha256'>[]): string {
  return files.map(({ path, sha256: digest }) => `${digest}  ${path}\n`).join('');
}

/** A file of rows that is written as they come, in parts of bounded size. */
export interface RowFile {
  /** One row, without its line end. */
  add(row: string): Promise<void>;
  /** Whole rows, each with its line end. */
  addLines(lines: Uint8Array): Promise<void>;
  /**
   * Writes the remaining rows and returns the parts: `name.ndjson` if there is only one, or else `name-0001.ndjson.gz`
   * and so on, compressed.
   */
  close(): Promise<readonly PackFile[]>;
}

/** How a file of rows is called. `header`: the first line of every part, for CSV. */
export interface RowFileName {
  readonly name: string;
  readonly extension: string;
  readonly description: string;
  readonly header?: string;
}

const lineEnd = 0x0a;
/** Memory for rows grows up to a part. */
const leastBytes = 1 << 14;

export function rowFile(sink: PackSink, { name, extension, description, header }: RowFileName): RowFile {
  const parts: Promise<PackFile>[] = [];
  const opening = Buffer.from(header === undefined ? '' : `${header}\n`);
  let memory: Buffer = Buffer.from(opening);
  let used = opening.length;

  async function addLines(lines: Uint8Array): Promise<void> {
    for (let from = 0; from < lines.length; ) {
      if (used - opening.length >= bytesPerPart) await flush(true);
      const last = from + bytesPerPart + opening.length - used;
      // The row that fills the part is its last one.
      const end = lines.length <= last ? lines.length : lines.indexOf(lineEnd, last - 1) + 1;
      if (memory.length < used + end - from) memory = enlarged(memory, used, used + end - from);
      memory.set(lines.subarray(from, end), used);
      used += end - from;
      from = end;
    }
  }

  async function flush(isPart: boolean): Promise<void> {
    const whole = memory.subarray(0, used);
    await parts.at(-1);
    memory = Buffer.from(opening);
    used = opening.length;
    const number = String(parts.length + 1).padStart(4, '0');
    const path = isPart ? `${name}-${number}.${extension}.gz` : `${name}.${extension}`;
    const written = writePart(sink, path, { whole, rows: whole.subarray(opening.length), description }, parts.at(-1));
    // Awaited later; until then a failure is nobody's.
    written.catch(() => undefined);
    parts.push(written);
  }

  return {
    addLines,
    add: async (row) => await addLines(Buffer.from(`${row}\n`)),
    async close() {
      await flush(parts.length > 0);
      return await Promise.all(parts);
    },
  };
}

function enlarged(memory: Buffer, used: number, length: number): Buffer {
  const most = Math.max(length, 2 * memory.length, leastBytes);
  const more = most > bytesPerPart / 2 ? partMemory.take(length) : Buffer.allocUnsafeSlow(most);
  memory.copy(more, 0, 0, used);
  return more;
}

/** Memory of whole parts, which is used again: what is outside of the heap is freed late. */
const partMemory = createPartMemory();

function createPartMemory() {
  const usual = bytesPerPart + 2 * leastBytes;
  const spare: ArrayBufferLike[] = [];
  return {
    take(length: number): Buffer {
      const known = length > usual ? undefined : spare.pop();
      return known === undefined ? Buffer.allocUnsafeSlow(Math.max(length, usual)) : Buffer.from(known);
    },
    /** Nobody else may have it any more. */
    return({ buffer }: Uint8Array): void {
      if (buffer.byteLength === usual && spare.length < mostSpare) spare.push(buffer);
    },
  };
}

const mostSpare = 2;

async function writePart(
  sink: PackSink,
  path: string,
  { whole, rows, description }: { whole: Uint8Array; rows: Uint8Array; description: string },
  before: Promise<PackFile> | undefined,
): Promise<PackFile> {
  const digests = { description, ...digestRows(rows) };
  if (!path.endsWith('.gz')) {
    await sink.write(path, whole);
    return described(path, whole, digests);
  }
  const bytes = await compress(whole);
  partMemory.return(whole);
  await before;
  await sink.write(path, bytes);
  return described(path, bytes, digests);
}

/** Of the gzip header: the operating system that compressed. Zlib writes its own there, and no time. */
const systemAt = 9;
const unknownSystem = 255;

const compressInThread = promisify(gzip);

/**
 * Of parts of reads and receipts, measured: level 7 with more memory makes them a fiftieth smaller than level 6 in the same
 * time, level 9 a twenty-fifth in a third more.
 */
const compression = { level: 7, memLevel: 9 };

/** Gzip of one level, whose header says neither when nor where. Source: RFC 1952, section 2.3.1. */
async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const compressed = await compressInThread(bytes, compression);
  compressed[systemAt] = unknownSystem;
  return compressed;
}

/** Digests of the rows in these bytes. */
function digestRows(bytes: Uint8Array): Pick<PackFile, 'rows' | 'rowDigests' | 'rowsPerDigest'> {
  const ends: number[] = [];
  for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd, end + 1)) ends.push(end + 1);
  const rows = ends.length;
  const rowsPerDigest = rows > mostSingleRows ? 100 : 1;
  const digests: string[] = [];
  for (let row = 0; row < rows; row += rowsPerDigest) {
    const last = Math.min(row + rowsPerDigest, rows) - 1;
    digests.push(shortDigest(bytes.subarray(ends[row - 1] ?? 0, ends[last])));
  }
  return { rows, rowDigests: digests, rowsPerDigest };
}

function described(
  path: string,
  bytes: Uint8Array,
  more: Pick<PackFile, 'description' | 'rows' | 'rowDigests' | 'rowsPerDigest'>,
): PackFile {
  const mediaType = mediaTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return { path, mediaType, bytes: bytes.byteLength, sha256: sha256(bytes), ...more };
}

/** The digest of a run of lines (line ends included), as `PackFile.rowDigests` holds it. */
export function shortDigest(lines: Uint8Array | string): string {
  return sha256(lines).slice(0, 16);
}

export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes);
}
