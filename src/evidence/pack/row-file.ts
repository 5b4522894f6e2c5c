import { compressRows, type CompressedRows } from './compress-rows.ts';
import { described, type PackFile, shortDigest } from './pack-file.ts';
import type { PackSink } from './pack-sink.ts';
import { createRowMemory } from './row-memory.ts';

/** A part is closed after this many bytes. */
const bytesPerPart = 8_000_000;
/** So many bytes of rows are compressed together, while further ones come: in fewer there would be more turns to wait for. */
const bytesAtOnce = 2_600_000;
/**
 * Up to this many rows, each row has its own digest, so that `verify` can name the row; beyond it, each hundred rows
 * share one.
 */
const mostSingleRows = 1_000;
const rowsTogether = 100;
const lineEnd = 0x0a;

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

export function rowFile(sink: PackSink, about: RowFileName): RowFile {
  const parts: Promise<PackFile>[] = [];
  const opening = Buffer.from(about.header === undefined ? '' : `${about.header}\n`);
  let part = openPart(opening, false);

  async function addLines(lines: Uint8Array): Promise<void> {
    for (let from = 0; from < lines.length; ) {
      if (part.length() >= bytesPerPart) await flush(true);
      const last = from + Math.min(bytesPerPart - part.length(), part.room());
      // The row that fills the part is its last one.
      const end = lines.length <= last ? lines.length : lines.indexOf(lineEnd, last - 1) + 1;
      part.add(lines.subarray(from, end));
      await part.caughtUp();
      from = end;
    }
  }

  async function flush(isPart: boolean): Promise<void> {
    await parts.at(-1);
    const number = String(parts.length + 1).padStart(4, '0');
    const path = isPart ? `${about.name}-${number}.${about.extension}.gz` : `${about.name}.${about.extension}`;
    const written = writePart(sink, path, isPart ? part.compressed() : part.plain(), about.description);
    // Awaited later; until then a failure is nobody's.
    written.catch(() => undefined);
    parts.push(written);
    part = openPart(opening, isPart);
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

interface PartContents extends Pick<PackFile, 'rows' | 'rowDigests' | 'rowsPerDigest'> {
  readonly bytes: Uint8Array | Promise<Uint8Array>;
}

async function writePart(
  sink: PackSink,
  path: string,
  { bytes: coming, ...digests }: PartContents,
  description: string,
): Promise<PackFile> {
  const bytes = await coming;
  await sink.write(path, bytes);
  return described(path, bytes, { description, ...digests });
}

/**
 * The rows of one part. `isCompressed`: it is known to be one of several, so that its rows are compressed as they come, at
 * boundaries that only the rows decide; of a first part all rows wait, because it may stay the only one.
 */
function openPart(opening: Buffer, isCompressed: boolean) {
  const memory = createRowMemory(opening);
  const digests: string[] = [];
  let rows = 0;
  let passed = 0;
  let waitFor = bytesAtOnce;
  let stream: CompressedRows | null = null;

  /** Counts the rows in memory that have no digest yet; `count`: how many of them. Returns where they end. */
  function digest(ends: readonly number[], count: number): number {
    const together = rows === 0 && ends.length <= mostSingleRows ? 1 : rowsTogether;
    for (let row = 0; row < count; row += together) {
      const last = Math.min(row + together, count) - 1;
      digests.push(shortDigest(memory.rows(ends[row - 1] ?? memory.start(), ends[last])));
    }
    rows += count;
    return ends[count - 1] ?? memory.start();
  }

  /** Compresses whole hundreds of rows. While they may have digests of their own, they wait. */
  function compressSome(): void {
    const ends = memory.rowEnds();
    const isLong = rows > 0 || ends.length > mostSingleRows;
    const count = isLong ? ends.length - (ends.length % rowsTogether) : 0;
    if (count > 0) {
      const end = digest(ends, count);
      passed += end - memory.start();
      stream ??= compressRows();
      stream.add(memory.release(end));
    }
    waitFor = memory.length() + bytesAtOnce;
  }

  function rest(): Omit<PartContents, 'bytes'> {
    const ends = memory.rowEnds();
    digest(ends, ends.length);
    return { rows, rowDigests: digests, rowsPerDigest: rows > mostSingleRows ? rowsTogether : 1 };
  }

  return {
    /** Bytes of its rows. */
    length: () => passed + memory.length(),
    /** Bytes of rows that may come before some are compressed. */
    room: () => (isCompressed ? waitFor - memory.length() : Number.POSITIVE_INFINITY),
    add(lines: Uint8Array): void {
      memory.add(lines);
      if (isCompressed && memory.length() >= waitFor) compressSome();
    },
    async caughtUp(): Promise<void> {
      await stream?.caughtUp();
    },
    plain: (): PartContents => ({ ...rest(), bytes: memory.whole() }),
    compressed(): PartContents {
      const about = rest();
      stream ??= compressRows();
      stream.add(memory.release(memory.end()));
      return { ...about, bytes: stream.close() };
    },
  };
}
