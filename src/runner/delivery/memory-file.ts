import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';

/** Magic numbers of in-memory file systems: tmpfs and ramfs. Source: statfs(2). */
const inMemory: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

/** Name of the private folders; the sweep finds leftovers by it. */
export const folderPrefix = 'keyturn-';
/** The file in a private folder that names the command's process group and when its leader started. */
export const groupNote = '.group';

/** The file in a private folder that names what was written elsewhere: device, number and path of each file. */
export const filesNote = '.files';

/**
 * The number of this process's space of process ids: containers that share `/dev/shm` have the same ids for different
 * processes. 0 if unknown.
 */
export function processSpace(): string {
  try {
    return /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid'))?.[1] ?? '0';
  } catch {
    return '0';
  }
}

/** When a process started, in ticks since boot, so that a later process of the same id is told apart; empty if unknown. */
export function startOf(process: number): string {
  try {
    const stat = readFileSync(`/proc/${String(process)}/stat`, 'latin1');
    // Field 22; the third follows the name in parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

export interface MemoryFiles {
  /** Writes a value to `path`, or to a private file if it is `null`. Returns the path. */
  write(path: string | null, name: string, value: Buffer): string;
  /** Notes the process group of the command, for a later start to end if this helper and its guardian are killed. */
  noteGroup(group: number): void;
  /** Opens an unnamed file, positioned at its start; returns `null` if no memory file system is available. */
  nameless(value: Buffer): number | null;
  remove(): void;
}

/**
 * Files that hold secrets while one command runs: in memory, never on disk unless `allowDisk`, new (an existing file or
 * link is refused), readable only by this user, and removed at the end. Memory may be swapped.
 * @throws ServiceError DISK_REFUSED, TARGET_UNUSABLE
 */
export function memoryFiles(options: {
  readonly allowDisk: boolean;
  readonly nonce: string;
  /** Called with each path to remove, after its creation and before it contains a value. */
  readonly announce: (place: string) => void;
  readonly fallback: string;
  /** Whether the files are for later steps: otherwise a later start removes them if this process is killed. */
  readonly areForLater?: boolean;
}): MemoryFiles {
  const written: string[] = [];
  let folder: string | null = null;
  return {
    write(path, name, value) {
      const place = path ?? join(privateFolder(), name);
      if (!options.allowDisk) refuseDisk(dirname(place));
      create(place, value, path === null ? () => undefined : own);
      return place;
    },
    noteGroup(group) {
      // Without a folder in memory there is no note; it holds nothing secret, but nobody would sweep a disk.
      if (detectFileSystem('/dev/shm') !== 'tmpfs') return;
      create(`${privateFolder()}/${groupNote}`, Buffer.from(`${String(group)} ${startOf(group)}`), () => undefined);
    },
    nameless(value) {
      if (detectFileSystem('/dev/shm') !== 'tmpfs') return null;
      const path = join(privateFolder(), 'nameless');
      create(path, value, () => undefined);
      const descriptor = usable(path, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
      unlinkSync(path);
      return descriptor;
    },
    remove() {
      for (const place of written.splice(0)) ignoreMissing(() => unlinkSync(place));
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };

  function own(place: string): void {
    written.push(place);
    options.announce(place);
    if (options.areForLater === true || detectFileSystem('/dev/shm') !== 'tmpfs') return;
    const { dev, ino } = lstatSync(place);
    const note = join(privateFolder(), filesNote);
    usable(note, () => writeFileSync(note, `${String(dev)} ${String(ino)} ${place}\n`, { flag: 'a', mode: 0o600 }));
  }

  function privateFolder(): string {
    if (folder !== null) return folder;
    const base = detectFileSystem('/dev/shm') === 'tmpfs' ? '/dev/shm' : options.fallback;
    if (!options.allowDisk) refuseDisk(base);
    const made = `${base}/${folderPrefix}${processSpace()}-${String(process.pid)}-${options.nonce}`;
    usable(made, () => mkdirSync(made, { mode: 0o700 }));
    folder = made;
    options.announce(made);
    return made;
  }
}

/** `tmpfs`, `ramfs`, the number of another file system, or `missing`. */
export function detectFileSystem(path: string): string {
  try {
    const { type } = statfsSync(path);
    return inMemory.get(type) ?? `0x${type.toString(16)}`;
  } catch {
    return 'missing';
  }
}

function refuseDisk(folder: string): void {
  const fileSystem = detectFileSystem(folder);
  // A folder that is not there is no disk: the reason tells what is wrong with it.
  if (fileSystem === 'missing') usable(folder, () => statfsSync(folder));
  if (![...inMemory.values()].includes(fileSystem))
    throw new ServiceError('DISK_REFUSED', { path: folder, fileSystem });
}

function create(path: string, value: Buffer, made: (path: string) => void): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const descriptor = usable(path, () => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  try {
    made(path);
    usable(path, () => {
      for (let from = 0; from < value.length; ) from += writeSync(descriptor, value, from);
    });
  } catch (error) {
    // Where memory is full, a part of the value would stay.
    ignoreMissing(() => unlinkSync(path));
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function usable<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new ServiceError('TARGET_UNUSABLE', { path, reason: exchangeFailure(cause) }, { cause });
  }
}

function ignoreMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (exchangeFailure(error) !== 'ENOENT') throw error;
  }
}
