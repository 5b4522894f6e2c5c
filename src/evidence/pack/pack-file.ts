import { hash } from 'node:crypto';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { PackSink } from './pack-sink.ts';

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

/** The entry of a file with these bytes. */
export function described(
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
