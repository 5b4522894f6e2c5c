import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folderPrefix, groupNote, processSpace, startOf } from './memory-file.ts';

const privateFolder = new RegExp(`^${folderPrefix}(\\d{1,10})-(\\d{1,10})-[0-9a-f]{8}$`);
const pinFile = /^keyturn-pins-\d+-\d+\.txt(\.\d+)?$/;

/**
 * Removes what helpers left that were killed together with their guardian: private folders, named after the process that
 * made them, if that process is gone; and ends the command that still runs with the secrets. Returns the removed names.
 * Leaves other users' files and links alone.
 */
export function sweepFolders(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  return sweepMatching(folder, user, (name) => {
    const [, space, pid] = privateFolder.exec(name) ?? [];
    return pid !== undefined && space === processSpace() && !isAlive(Number(pid));
  });
}

/** At the end of a job: leftovers as above, and the pins of its run. Returns the removed names. */
export function sweep(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  return [...sweepFolders(folder, user), ...sweepMatching(folder, user, (name) => pinFile.test(name))];
}

function sweepMatching(
  folder: string,
  user: number | undefined,
  isLeftover: (name: string) => boolean,
): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    if (!isLeftover(name)) return false;
    const place = join(folder, name);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink() || found.uid !== user) return false;
    endGroup(place);
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

/** Ends a command whose helper is gone: the whole group, by KILL, since nobody is left to wait for it. */
function endGroup(folder: string): void {
  try {
    const [group = '', start = ''] = readFileSync(join(folder, groupNote), 'latin1').split(' ');
    const now = startOf(Number(group));
    // A later process may have the id by now. If the leader has ended, its id is not given away while the group lives.
    if (/^[1-9]\d{0,9}$/.test(group) && Number(group) > 1 && (now === '' || now === start))
      process.kill(-Number(group), 'SIGKILL');
  } catch {
    // No note, or the group has ended.
  }
}
