import { readNamedFile } from '../command-line/named-file.ts';
import { instanceOf, type JobNumbers } from '../provenance/job-numbers.ts';

/** What the helper knows about its job. */
export interface JobContext {
  readonly numbers: JobNumbers;
  /** Whether the repository is public, or the job was started from a fork; `null` if unknown. */
  readonly exposed: boolean | null;
}

export type JobLookup =
  | { readonly found: true; readonly job: JobContext }
  | { readonly found: false; readonly reason: string };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the numbers of this job from the payload of the runtime token, because no variable contains the job's id. They
 * count only if the token's run equals the environment's run, because runners before 1.0.3 could give one job another's
 * token. `gitea`: Gitea's address in the configuration; the environment contains the runner's own.
 */
export function readJobContext(environment: Environment, gitea: string | null): JobLookup {
  if (gitea === null) return { found: false, reason: 'the configuration is a person’s own' };
  const token = environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
  if (token === '') return { found: false, reason: 'the environment contains no runtime token' };
  const claims = tokenClaims(token);
  const [jobId, taskId, runId] = ['JobID', 'TaskID', 'RunID'].map((name) => databaseId(claims?.[name]));
  if (!jobId || !taskId || !runId) return { found: false, reason: 'the runtime token names no job' };
  if (Number(environment['GITHUB_RUN_ID']) !== runId) {
    return { found: false, reason: 'the runtime token belongs to another run than this job: update the runner' };
  }
  const { repositoryId, exposed } = readEvent(environment['GITHUB_EVENT_PATH']);
  // Runners before November 2025 do not state the attempt.
  const attempt = Number(environment['GITHUB_RUN_ATTEMPT'] ?? '1');
  if (!Number.isSafeInteger(attempt) || attempt < 1 || attempt > 99_999) {
    return { found: false, reason: 'GITHUB_RUN_ATTEMPT is not an attempt number' };
  }
  let instance: string | null = null;
  return {
    found: true,
    job: {
      numbers: {
        // Computed once, when it is first needed: a digest before the first request would delay every start.
        get instance() {
          return (instance ??= instanceOf(gitea));
        },
        repositoryId,
        runId,
        attempt,
        jobId,
        taskId,
      },
      exposed,
    },
  };
}

/** The unverified claims of a token; `null` if it cannot be parsed. The token itself is never kept. */
export function tokenClaims(token: string): Readonly<Record<string, unknown>> | null {
  const payload = token.split('.')[1];
  return payload === undefined ? null : parseObject(Buffer.from(payload, 'base64url').toString('utf8'));
}

/** Reads repository and visibility from the file of the event that started the job. */
function readEvent(path: string | undefined): { repositoryId: number | null; exposed: boolean | null } {
  const event = path === undefined || path === '' ? null : readObject(path);
  const repository = asObject(event?.['repository']);
  const repositoryId = databaseId(repository?.['id']);
  const open = repository?.['private'];
  if (repository === null || typeof open !== 'boolean') return { repositoryId, exposed: null };
  const head = asObject(asObject(event?.['pull_request'])?.['head']);
  return { repositoryId, exposed: !open || (head !== null && isForeign(head, repositoryId)) };
}

/**
 * Whether a stranger may have written the head of a pull request: it lies in another repository, or it was pushed to
 * `refs/for/BRANCH` (agit), which takes no right to write; its repository is then the base, and it has no label.
 * Source: recorded `job-event-file-*` of Gitea 1.26.3.
 */
function isForeign(head: Readonly<Record<string, unknown>>, repositoryId: number | null): boolean {
  const { label } = head;
  const isElsewhere = databaseId(asObject(head['repo'])?.['id']) !== repositoryId;
  return isElsewhere || typeof label !== 'string' || label === '';
}

function readObject(path: string): Readonly<Record<string, unknown>> | null {
  try {
    // An event has a few kilobytes; the file's size is checked because an earlier step may have written anything.
    const text = readNamedFile(path, 8_388_608);
    return text === null ? null : parseObject(text);
  } catch {
    // An unreadable event means unknown visibility, which keeps names opaque.
    return null;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

function databaseId(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 1e15 ? value : null;
}
