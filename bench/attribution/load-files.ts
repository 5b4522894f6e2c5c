import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines that are written in pieces of a megabyte. */
export interface LineFile {
  add(line: string): Promise<void>;
  end(): Promise<void>;
}

const pieceLength = 1 << 20;

export function lineFile(path: string): LineFile {
  const stream = createWriteStream(path, { highWaterMark: pieceLength });
  let piece = '';
  const flush = async () => {
    const whole = piece;
    piece = '';
    if (!stream.write(whole)) await once(stream, 'drain');
  };
  return {
    async add(line) {
      piece += `${line}\n`;
      if (piece.length >= pieceLength) await flush();
    },
    async end() {
      await flush();
      stream.end();
      await once(stream, 'close');
    },
  };
}

/** Lines in a random order: dealt onto piles, each of which is shuffled in memory. */
export function shuffledLineFile(path: string, random: () => number): LineFile {
  const paths = Array.from({ length: 64 }, (_, index) => `${path}.pile-${String(index)}`);
  const piles = paths.map(lineFile);
  return {
    add: async (line) => await piles[Math.floor(random() * piles.length)]?.add(line),
    async end() {
      const whole = lineFile(path);
      for (const [index, pile] of piles.entries()) {
        await pile.end();
        const file = paths[index] ?? '';
        const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
        for (let last = lines.length - 1; last > 0; last -= 1) {
          const other = Math.floor(random() * (last + 1));
          [lines[last], lines[other]] = [lines[other] ?? '', lines[last] ?? ''];
        }
        for (const line of lines) await whole.add(line);
        await rm(file);
      }
      await whole.end();
    },
  };
}

/** The files of a load. */
export function loadPaths(folder: string) {
  return {
    retrievals: join(folder, 'retrievals.ndjson'),
    jobs: join(folder, 'jobs.ndjson'),
    receipts: join(folder, 'receipts.ndjson'),
    policy: join(folder, 'keyturn.policy.yml'),
  };
}
