import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { emptyGiteaState, type GiteaState } from './gitea-state.ts';

/** The state and its file. */
export interface StateFile {
  readonly state: GiteaState;
  /** Stored with the state, so that a runtime token stays valid after a restart. */
  readonly signingKey: Buffer;
  /** Writes the state soon, together with the changes of the next tenth of a second. */
  changed(): void;
  /** Writes pending changes. */
  close(): void;
}

/**
 * Opens a JSON file; if `path` is `null`, keeps the state only in memory. The file contains the secrets of hooks and Actions
 * encrypted; their key and the signing key are in `PATH.key`.
 */
export function openStateFile(path: string | null): StateFile {
  if (path === null) {
    return { state: emptyGiteaState(), signingKey: randomBytes(32), changed: () => undefined, close: () => undefined };
  }
  const signingKey = openKey(`${path}.key`);
  const key = createHash('sha256').update('secrets').update(signingKey).digest();
  const state = existsSync(path) ? parseState(readFileSync(path, 'utf8'), key) : emptyGiteaState();
  let waiting: NodeJS.Timeout | null = null;
  const save = () => {
    waiting = null;
    writeFileSync(
      `${path}.new`,
      JSON.stringify(state, (name, value: unknown) =>
        hidden.has(name) && typeof value === 'string' ? encipher(value, key) : value,
      ),
      { mode: 0o600 },
    );
    renameSync(`${path}.new`, path);
  };
  return {
    state,
    signingKey,
    changed() {
      waiting ??= setTimeout(save, 100).unref();
    },
    close() {
      if (waiting !== null) clearTimeout(waiting);
      save();
    },
  };
}

/** The members with encrypted values: a hook's `secret`, an Actions secret's `value`. */
const hidden: ReadonlySet<string> = new Set(['secret', 'value']);

function openKey(path: string): Buffer {
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('hex'), { mode: 0o600 });
  return Buffer.from(readFileSync(path, 'utf8'), 'hex');
}

function parseState(text: string, key: Buffer): GiteaState {
  const state = JSON.parse(text, (name, value: unknown) =>
    hidden.has(name) && typeof value === 'string' ? decipher(value, key) : value,
  ) as GiteaState;
  // A file of an earlier embedded Gitea lacks newer members.
  const complete: GiteaState = {
    ...emptyGiteaState(),
    ...state,
    newest: { ...emptyGiteaState().newest, ...state.newest },
  };
  // A task that was running when the server died has ended: Gitea would end it as a zombie.
  for (const task of complete.tasks.filter((row) => row.status === 'running' || row.status === 'cancelling')) {
    Object.assign(task, { status: 'failure', stopped: task.started });
    for (const job of complete.jobs.filter((row) => row.taskId === task.id)) {
      Object.assign(job, { status: 'completed', conclusion: 'failure', stopped: task.started });
    }
  }
  return complete;
}

function encipher(value: string, key: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

function decipher(value: string, key: Buffer): string {
  const whole = Buffer.from(value, 'base64');
  const plain = createDecipheriv('aes-256-gcm', key, whole.subarray(0, 12)).setAuthTag(whole.subarray(12, 28));
  return Buffer.concat([plain.update(whole.subarray(28)), plain.final()]).toString('utf8');
}
