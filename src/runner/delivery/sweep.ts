import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folderPrefix } from './memory-file.ts';

/**
 * Removes leftovers of helpers that were killed together with their guardian: private folders, named after the process
 * that made them, if that process is gone; and a run's pins. Returns the removed names. Leaves other users' files and
 * links alone.
 */
export function sweep(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const [, pid] = new RegExp(`^${folderPrefix}(\\d{1,10})-[0-9a-f]{8}$`).exec(name) ?? [];
    const pins = /^keyturn-pins-\d+-\d+\.txt(\.\d+)?$/.test(name);
    if (!pins && (pid === undefined || isAlive(Number(pid)))) return false;
    const place = join(folder, name);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink() || found.uid !== user) return false;
    rmSync(place, { recursive: true, force: true });
    return true;
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
