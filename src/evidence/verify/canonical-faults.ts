import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { textLines } from '../../provenance/text-lines.ts';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import { ServiceError } from '../../service-error.ts';
import { shortDigest } from '../pack/pack-file.ts';
import type { DataManifest } from '../pack/pack-statement.ts';
import type { PackReader } from './pack-reader.ts';
import type { PackFault } from './verification.ts';

/** A changed file may differ in every row; naming the first few is enough. */
const mostRowFaults = 20;

/** Parses text into a shape. Returns `null` if it is not JSON or does not have the shape. */
export function parsedAs<Shape extends z.ZodType>(shape: Shape, text: string | null): z.infer<Shape> | null {
  const parsed = text === null ? undefined : parseJson(text);
  const result = shape.safeParse(parsed);
  return result.success ? result.data : null;
}

/** Returns a fault if a JSON file is not in the only form that a pack may contain. */
export function canonicalFaults(file: string, text: string): readonly PackFault[] {
  const value = parseJson(text);
  if (value === undefined) return [{ file, row: null, message: 'is not valid JSON' }];
  return isCanonical(value, text) ? [] : [{ file, row: null, message: 'is not in canonical form' }];
}

/**
 * Checks a file of rows: each must be canonical (NDJSON). If the file was changed, names the changed rows by their
 * digests.
 */
export async function rowFaults(
  reader: PackReader,
  { path, rows, rowDigests: sealed, rowsPerDigest }: DataManifest['files'][number],
  changed: boolean,
): Promise<readonly PackFault[]> {
  const ndjson = isNdjson(path);
  const faults: PackFault[] = [];
  let run: string[] = [];
  // The header of a table is row 0.
  let row = ndjson ? 0 : -1;
  const { input, ended } = readRows(reader, path);
  for await (const line of textLines(input)) {
    row += 1;
    if (row === 0) continue;
    if (faults.length >= mostRowFaults) continue;
    if (ndjson && canonicalFaults(path, `${line}\n`).length > 0)
      faults.push({ file: path, row, message: 'is not a row in canonical form' });
    run.push(`${line}\n`);
    if (changed && run.length === rowsPerDigest) compareRun();
  }
  const broken = await ended;
  if (broken !== null) faults.push({ file: path, row: null, message: broken });
  if (changed && run.length > 0) compareRun();
  if (changed && row !== rows)
    faults.push({ file: path, row: null, message: `has ${String(row)} rows; ${String(rows)} were sealed` });
  return faults;

  function compareRun(): void {
    const digest = shortDigest(run.join(''));
    const first = row - run.length + 1;
    run = [];
    if (digest === sealed[Math.floor((first - 1) / rowsPerDigest)]) return;
    const where =
      first === row ? 'this row was changed' : `this row or a later one up to row ${String(row)} was changed`;
    faults.push({ file: path, row: first, message: where });
  }
}

export function isNdjson(path: string): boolean {
  return /\.ndjson(\.gz)?$/.test(path);
}

/** A part holds 8 MB of rows; a small file may unpack to a thousand times its size. */
const mostUnpackedBytes = 64 * 1024 * 1024;

/** The bytes of a file of rows, unpacked. `ended`: why they end early; `null` if they are whole. */
function readRows(reader: PackReader, path: string): { input: Readable; ended: Promise<string | null> } {
  const packed = Readable.from(reader.chunks(path), { objectMode: false });
  if (!path.endsWith('.gz')) return { input: packed, ended: Promise.resolve(null) };
  const input = new PassThrough();
  let unpacked = 0;
  const limit = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      unpacked += bytes.length;
      if (unpacked > mostUnpackedBytes) done(new RangeError('too long'));
      else done(null, bytes);
    },
  });
  const ended = pipeline(packed, createGunzip(), limit, input, { end: false }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof RangeError) return 'unpacks to far too many bytes';
      // An interruption is no fault of the pack.
      if (ServiceError.is(error)) throw error;
      return 'is not whole gzip';
    },
  );
  void ended.finally(() => input.end()).catch(() => undefined);
  return { input, ended };
}

function isCanonical(value: JsonValue, text: string): boolean {
  try {
    return `${canonicalJson(value)}\n` === text;
  } catch (error) {
    // Nested too deeply for the call stack, so Keyturn did not write it.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue; // JSON.parse returns JSON.
  } catch {
    return undefined;
  }
}
