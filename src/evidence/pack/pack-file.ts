import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
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

/** A file of rows that is written incrementally, in parts of bounded size. */
export interface RowFile {
  /** One row, without its line end. */
  add(row: string): Promise<void>;
  /**
   * Writes the remaining rows and returns the parts: `name.ndjson` if there is only one, or else `name-0001.ndjson.gz`
   * and so on, compressed.
   */
  close(): Promise<readonly PackFile[]>;
}

/** `header`: the first line of every part, for CSV. */
export function rowFile(
  sink: PackSink,
  { name, extension, description, header }: { name: string; extension: string; description: string; header?: string },
): RowFile {
  const parts: PackFile[] = [];
  const opening = header === undefined ? '' : `${header}\n`;
  let part = newPart(opening);
  return {
    async add(row) {
      if (part.bytes >= bytesPerPart) await flush(true);
      part.add(`${row}\n`);
    },
    async close() {
      await flush(parts.length > 0);
      return parts;
    },
  };

  async function flush(isPart: boolean): Promise<void> {
    const { digests, rowsPerDigest, rows } = part.digests();
    const rowBytes = part.whole();
    part = newPart(opening);
    const bytes = isPart ? compress(rowBytes) : rowBytes;
    const path = isPart
      ? `${name}-${String(parts.length + 1).padStart(4, '0')}.${extension}.gz`
      : `${name}.${extension}`;
    await sink.write(path, bytes);
    parts.push(described(path, bytes, { description, rows, rowDigests: digests, rowsPerDigest }));
  }
}

/** Of the gzip header: the operating system that compressed. Zlib writes its own there, and no time. */
const systemAt = 9;
const unknownSystem = 255;

/** Gzip, whose header says neither when nor where. Source: RFC 1952, section 2.3.1. */
function compress(bytes: Uint8Array): Uint8Array {
  const compressed = gzipSync(bytes);
  compressed[systemAt] = unknownSystem;
  return compressed;
}

/** A growing part: bytes, not text, so that a part needs at most twice its size in memory. */
function newPart(opening: string): {
  readonly bytes: number;
  add(line: string): void;
  whole(): Uint8Array;
  digests(): { digests: readonly string[]; rowsPerDigest: number; rows: number };
} {
  const lines: Buffer[] = [Buffer.from(opening)];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(line) {
      const encoded = Buffer.from(line);
      lines.push(encoded);
      bytes += encoded.byteLength;
    },
    whole: () => Buffer.concat(lines),
    digests() {
      const rows = lines.length - 1;
      const rowsPerDigest = rows > mostSingleRows ? 100 : 1;
      return { digests: rowDigests(lines.slice(1), rowsPerDigest), rowsPerDigest, rows };
    },
  };
}

function described(
  path: string,
  bytes: Uint8Array,
  more: Pick<PackFile, 'description' | 'rows' | 'rowDigests' | 'rowsPerDigest'>,
): PackFile {
  const mediaType = mediaTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return { path, mediaType, bytes: bytes.byteLength, sha256: sha256(bytes), ...more };
}

/** The digests of runs of lines (line ends included), as `PackFile.rowDigests` holds them. */
export function rowDigests(lines: readonly (Uint8Array | string)[], rowsPerDigest: number): readonly string[] {
  const digests: string[] = [];
  for (let start = 0; start < lines.length; start += rowsPerDigest) {
    const hash = createHash('sha256');
    for (const line of lines.slice(start, start + rowsPerDigest)) hash.update(line);
    digests.push(hash.digest('hex').slice(0, 16));
  }
  return digests;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
