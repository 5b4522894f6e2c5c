import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import { ServiceError } from '../../service-error.ts';
import { detectFileSystem } from '../delivery/memory-file.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { exportJobKey, importJobKey, type JobKey, makeJobKey } from './job-key.ts';

const prefix = 'keyturn-key-';

/** Where the key of a job lies. */
interface KeyPlace {
  /** A folder in memory that every container of the job shares. */
  readonly folder: string;
  /** The runner's own folder, which every container of the job sees; `null` if the job has none. */
  readonly jobFolder: string | null;
  readonly numbers: Pick<JobNumbers, 'instance' | 'taskId'>;
  readonly nonce: string;
}

/** The runner's folder of a job, which it mounts into every container: the one of its command files. */
export function jobFolderOf(environment: Readonly<Record<string, string | undefined>>): string | null {
  const file = environment['GITHUB_ENV'] ?? '';
  return file.startsWith('/') ? dirname(file) : null;
}

/**
 * Returns the key of this job: the one that an earlier step left, or a new one, which is left for later steps. It lies in
 * memory, readable by this user alone. A step without the key that the job's note names runs in a container without the
 * folder of keys: it is refused here, because a second key would end the session of the job. Steps that begin at once get
 * one key: the key is in its folder before its note is left.
 * @throws ServiceError `DISK_REFUSED`, `BROKER_KEY_UNUSABLE`
 */
export function loadJobKey({ folder, jobFolder, numbers, nonce }: KeyPlace): JobKey {
  const fileSystem = detectFileSystem(folder);
  if (fileSystem !== 'tmpfs' && fileSystem !== 'ramfs')
    throw new ServiceError('DISK_REFUSED', { path: folder, fileSystem });
  const name = nameOf(numbers);
  const path = join(folder, name);
  const note = jobFolder === null ? null : join(jobFolder, `${name}.made`);
  const wasNoted = note !== null && readNote(note) !== null;
  const present = readKey(path);
  if (present === null && wasNoted) throw elsewhere(path);
  const key = present ?? makeKey(path, nonce);
  if (note === null || leaveNote(note, key, nonce)) return key;
  if (present === null) rmSync(path, { force: true });
  throw elsewhere(path);
}

/**
 * Removes the key of this job at its end, and keys of this user's older jobs: no job runs for a day. `numbers`: `null` if
 * the job is unknown. Returns the removed names.
 */
export function sweepJobKeys(folder: string, numbers: KeyPlace['numbers'] | null, now: Date): readonly string[] {
  const own = numbers === null ? null : nameOf(numbers);
  return namesIn(folder).filter((name) => {
    if (!keyFile.test(name)) return false;
    const place = join(folder, name);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile() || found.uid !== process.getuid?.()) return false;
    if (name !== own && now.getTime() - found.mtimeMs < dayMs) return false;
    rmSync(place, { force: true });
    return true;
  });
}

const keyFile = /^keyturn-key-[0-9a-f]{8}-\d+(\.[0-9a-f]+)?$/;
const dayMs = 86_400_000;

function nameOf({ instance, taskId }: KeyPlace['numbers']): string {
  return `${prefix}${instance}-${String(taskId)}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A container without this folder has no key in it.
    return [];
  }
}

/** Writes beside the file and links, so that no reader sees half a key and of two steps at once one wins. */
function makeKey(path: string, nonce: string): JobKey {
  const key = makeJobKey();
  const draft = `${path}.${nonce}`;
  try {
    writeFileSync(draft, exportJobKey(key), { mode: 0o600, flag: 'wx' });
    linkSync(draft, path);
    return key;
  } catch (cause) {
    const winner = exchangeFailure(cause) === 'EEXIST' ? readKey(path) : null;
    if (winner === null) throw unusable(path, exchangeFailure(cause), cause);
    return winner;
  } finally {
    removeDraft(draft);
  }
}

function removeDraft(draft: string): void {
  try {
    unlinkSync(draft);
  } catch (error) {
    const reason = exchangeFailure(error);
    if (reason !== 'ENOENT' && reason !== 'EROFS' && reason !== 'EACCES') throw error;
  }
}

/**
 * Notes in the job's folder which key the job has, unless that is noted already. Returns whether the note names this key.
 * It holds the public half alone, and is whole as soon as it is there.
 */
function leaveNote(note: string, { publicKey }: JobKey, nonce: string): boolean {
  const draft = `${note}.${nonce}`;
  try {
    writeFileSync(draft, publicKey.x, { flag: 'wx', mode: 0o644 });
    linkSync(draft, note);
    return true;
  } catch (error) {
    const reason = exchangeFailure(error);
    if (reason === 'EEXIST') return readNote(note) === publicKey.x;
    // A runner that mounts its folder read-only: then a second container is met by the broker alone.
    if (reason === 'EROFS' || reason === 'EACCES' || reason === 'ENOENT') return true;
    throw error;
  } finally {
    removeDraft(draft);
  }
}

/** The public key in a note; `null` if there is no note that this step can see. */
function readNote(note: string): string | null {
  try {
    return readFileSync(note, 'utf8');
  } catch (error) {
    const reason = exchangeFailure(error);
    if (reason === 'ENOENT' || reason === 'EACCES') return null;
    throw error;
  }
}

/** The key in a file; `null` if there is no file. @throws ServiceError `BROKER_KEY_UNUSABLE` for one that is not this user's own. */
function readKey(path: string): JobKey | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const reason = exchangeFailure(cause);
    if (reason === 'ENOENT') return null;
    throw unusable(
      path,
      reason === 'EACCES' ? 'it belongs to another user, such as a step that ran as root' : reason,
      cause,
    );
  }
  try {
    const { mode, uid, size } = fstatSync(descriptor);
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    if (!isFile || uid !== process.getuid?.() || (mode & 0o077) !== 0 || size > 4096) {
      throw unusable(path, 'it is not a file of this user alone');
    }
    const key = importJobKey(readFileSync(descriptor, 'utf8'));
    if (key === null) throw unusable(path, 'it holds no key');
    return key;
  } finally {
    closeSync(descriptor);
  }
}

function elsewhere(path: string): ServiceError {
  return unusable(path, 'an earlier step made it, and this container does not share the folder');
}

function unusable(path: string, reason: string, cause?: unknown): ServiceError {
  return new ServiceError('BROKER_KEY_UNUSABLE', { path, reason }, { cause });
}
