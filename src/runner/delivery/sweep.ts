import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { filesNote, folderPrefix, groupNote, processSpace, startOf } from './memory-file.ts';

const privateFolder = new RegExp(`^${folderPrefix}(\\d{1,10})-(\\d{1,10})-[0-9a-f]{8}$`);
const pinFile = /^keyturn-pins-\d+-\d+\.txt(\.\d+)?$/;

/** At each start: what a helper left that was killed together with its guardian. Says what it removed. */
export function sweepLeftovers(runtime: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
}): void {
  const { environment, say } = runtime;
  const folders = new Set(['/dev/shm', environment['RUNNER_TEMP'] ?? '/tmp']);
  const removed = [...folders].flatMap((folder) => sweepFolders(folder));
  if (removed.length > 0) say(`removed what an earlier start left: ${removed.join(', ')}`);
}

/**
 * Removes what helpers left that were killed together with their guardian: private folders, named after the process that
 * made them, if that process is gone, with the files elsewhere that they note; and ends the command that still runs with
 * the secrets. Returns the removed names. Leaves other users' files and links alone.
 */
function sweepFolders(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  return sweepMatching(folder, user, (name) => {
    if (!name.startsWith(folderPrefix)) return false;
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
    for (const file of notedFiles(place, user)) rmSync(file, { force: true });
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

/** The files that a helper wrote elsewhere, as long as each is still the one that it wrote. */
function notedFiles(folder: string, user: number | undefined): readonly string[] {
  let note: string;
  try {
    note = readFileSync(join(folder, filesNote), 'utf8');
  } catch {
    // It wrote none.
    return [];
  }
  return note.split('\n').flatMap((line) => {
    const [, device, number, path = ''] = /^(\d+) (\d+) (\/.+)$/.exec(line) ?? [];
    const found = path === '' ? undefined : lstatSync(path, { throwIfNoEntry: false });
    const isOwn = found?.isFile() === true && found.uid === user;
    return isOwn && String(found.dev) === device && String(found.ino) === number ? [path] : [];
  });
}
