import { gunzipSync } from 'node:zlib';
import { ServiceError } from '../../service-error.ts';

/** A part holds 8 MB of rows; a small file may unpack to a thousand times its size. */
const mostUnpackedBytes = 64 * 1024 * 1024;

/** Where the files of one pack are read. */
export interface PackPlace {
  readonly pack: string;
  readonly paths: readonly string[];
  /** The bytes of a file; `null` if it is missing. */
  readonly read: (path: string) => Promise<Uint8Array | null>;
}

/** One row, and where it is: `row` counts from 1 in its file. */
export interface PackRow {
  readonly path: string;
  readonly row: number;
  readonly value: unknown;
}

/**
 * Yields the rows of one kind, over all parts of the file, in order, with one part in memory at a time.
 * @throws ServiceError `PACK_UNREADABLE` for a part that is missing, is not whole, or holds a line that is not JSON.
 */
export async function* packRows({ pack, paths, read }: PackPlace, name: string): AsyncGenerator<PackRow> {
  const pattern = new RegExp(`^${name}(-\\d+)?\\.ndjson(\\.gz)?$`);
  for (const path of paths.filter((one) => pattern.test(one)).sort()) {
    const bytes = await read(path);
    if (bytes === null) throw new ServiceError('PACK_UNREADABLE', { pack, reason: `${path} is missing` });
    for (const [index, value] of parsedRows(bytes, path, pack).entries()) yield { path, row: index + 1, value };
  }
}

function parsedRows(bytes: Uint8Array, path: string, pack: string): readonly unknown[] {
  try {
    const raw = path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: mostUnpackedBytes }) : bytes;
    const lines = Buffer.from(raw).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
  } catch (cause) {
    throw new ServiceError('PACK_UNREADABLE', { pack, reason: `${path} does not hold rows` }, { cause });
  }
}
