import type { DataManifest } from '../evidence/pack/pack-statement.ts';
import { isCanonical, parsedJson, sha256, utf8 } from './open-seal.ts';
import { unpacked } from './pack-entries.ts';

interface RowFault {
  readonly row: number | null;
  readonly message: string;
}

/** A changed file may differ in every row; naming the first few is enough. */
const mostFaults = 20;
/** A part holds 8 MB of rows; a small file may unpack to a thousand times its size. */
const mostUnpackedBytes = 64 * 1024 * 1024;

/**
 * Checks a file of rows against `data-manifest.json`: how many rows, the digest of each run of them, and the form of each
 * row of NDJSON. `changed`: the file is known to be changed, so a row that agrees tells nothing more.
 */
export async function checkRows(
  bytes: Uint8Array<ArrayBuffer>,
  { path, rows, rowDigests, rowsPerDigest }: DataManifest['files'][number],
  changed: boolean,
): Promise<{ readonly count: number; readonly faults: readonly RowFault[] }> {
  const plain = path.endsWith('.gz') ? await unpacked(new Blob([bytes]), 'gzip', mostUnpackedBytes) : bytes;
  const text = plain === null ? null : utf8(plain);
  if (text === null) {
    const message = plain === null ? 'is not whole gzip, or unpacks to far too many bytes' : 'is not UTF-8';
    return { count: 0, faults: [{ row: null, message }] };
  }
  const isNdjson = /\.ndjson(\.gz)?$/.test(path);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // The header of a table is no row.
  const table = isNdjson ? lines : lines.slice(1);
  const faults: RowFault[] = [];
  if (isNdjson) {
    for (const [index, line] of table.entries()) {
      if (faults.length < mostFaults && !isCanonical(parsedJson(line), line))
        faults.push({ row: index + 1, message: 'is not a row in canonical form' });
    }
  }
  for (let first = 0; first < table.length && faults.length < mostFaults; first += rowsPerDigest) {
    const run = table.slice(first, first + rowsPerDigest).map((line) => `${line}\n`);
    const digest = (await sha256(new TextEncoder().encode(run.join('')))).slice(0, 16);
    if (digest === rowDigests[first / rowsPerDigest]) continue;
    const last = first + run.length;
    const message = run.length === 1 ? 'this row was changed' : `a row from here to ${String(last)} was changed`;
    faults.push({ row: first + 1, message });
  }
  if (table.length !== rows) {
    const verb = changed ? 'were sealed' : 'are listed';
    faults.push({ row: null, message: `has ${String(table.length)} rows; ${String(rows)} ${verb}` });
  }
  return { count: table.length, faults };
}
