import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isFileError } from '../../src/files/durable-file.ts';

/** A disk that can be filled, with the records on it. */
export interface SmallDisk {
  readonly directory: string;
  /** `false`: no small disk could be mounted here, so the disk never fills. */
  readonly canFill: boolean;
  fill(): void;
  empty(): void;
  remove(): void;
}

/** Mounts a file system in memory, which needs root; elsewhere a plain folder that cannot be filled. */
export function mountSmallDisk(parent: string, megabytes: number): SmallDisk {
  const directory = join(parent, 'disk');
  mkdirSync(directory);
  let canFill = process.platform === 'linux';
  try {
    if (canFill)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', directory], {
        stdio: 'ignore',
      });
  } catch {
    canFill = false;
  }
  const ballast = join(directory, 'ballast');
  return {
    directory,
    canFill,
    fill: () => (canFill ? fillWith(ballast) : undefined),
    empty: () => rmSync(ballast, { force: true }),
    remove() {
      if (canFill) execFileSync('umount', ['--lazy', directory], { stdio: 'ignore' });
    },
  };
}

/** Writes until not one byte is left. */
function fillWith(ballast: string): void {
  const file = openSync(ballast, 'w');
  try {
    for (let size = 1 << 20; size > 0; size >>= 1) writeAll(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if (!isFileError(error, 'ENOSPC')) throw error;
  }
}
