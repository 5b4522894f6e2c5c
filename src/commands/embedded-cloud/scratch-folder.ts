import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';

/** Marks a folder that a command made anew and may empty; it names the process that uses it. */
const marker = 'keyturn-embedded-cloud';

/**
 * Checks that a command may empty the folder, and changes nothing. @throws ServiceError `FOLDER_IN_USE` if another process
 * uses it, `USAGE_WRONG` if it holds anything that no command of Keyturn made.
 */
export async function checkScratchFolder(directory: string, command: string): Promise<void> {
  const held = existsSync(directory) ? await readdir(directory) : [];
  if (held.length === 0) return;
  if (!held.includes(marker)) {
    const reason = `${directory} is not empty and was not made by keyturn ${command}`;
    throw new ServiceError('USAGE_WRONG', { command, reason });
  }
  const owner = ownerOf(await readFile(join(directory, marker), 'utf8'));
  if (owner === null || owner.process === process.pid) return;
  if ((await startOf(owner.process)) === owner.started) {
    throw new ServiceError('FOLDER_IN_USE', { folder: directory, process: owner.process });
  }
}

/** Empties the folder, or makes it, for this process alone. Rejects as `checkScratchFolder` does. */
export async function claimScratchFolder(directory: string, command: string): Promise<void> {
  await checkScratchFolder(directory, command);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const started = (await startOf(process.pid)) ?? '';
  const says = `Made by keyturn ${command}; it is emptied at the next start.`;
  // A process that claims it in the same moment finds the marker and is told.
  await writeFile(join(directory, marker), `${says}\nprocess ${String(process.pid)} ${started}\n`, {
    flag: 'wx',
  }).catch(async (cause: unknown) => {
    await checkScratchFolder(directory, command);
    throw cause;
  });
}

function ownerOf(text: string): { readonly process: number; readonly started: string } | null {
  const [, pid, started = ''] = /^process (\d+) (.*)$/m.exec(text) ?? [];
  return pid === undefined ? null : { process: Number(pid), started };
}

/**
 * When a process started, in the kernel's ticks: a number that is given again to another process then differs. Empty where
 * there is no /proc; `null` if no such process runs.
 */
async function startOf(pid: number): Promise<string | null> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return null;
  }
  try {
    // Field 22 of proc(5); the name, field 2, may hold blanks and brackets.
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
