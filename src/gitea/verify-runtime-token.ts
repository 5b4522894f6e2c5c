import { ServiceError } from '../service-error.ts';
import type { SecretValue } from '../secrets/secret-value.ts';

/** The numbers in a runtime token that Gitea confirmed. */
export interface RuntimeTokenNumbers {
  readonly taskId: number;
  readonly runId: number;
  readonly jobId: number;
}

/** A job waits for this answer. */
const usualWithinMs = 10_000;

/**
 * Asks Gitea whether a job's runtime token is genuine and its job is still running, and returns the token's numbers.
 * `giteaUrl` comes only from the settings. Gitea checks the token's signature, that the task is running and that the run
 * is its own, and only then looks for artifacts: 200 if there are some, 404 if not. It answers 500 for a job that has
 * ended and 400 for another run. `withinMs`: for each request. Returns `null` if Gitea refused. @throws ServiceError `GITEA_UNREACHABLE` if Gitea did
 * not answer.
 * Source: Gitea routers/api/actions/artifacts.go, ArtifactContexter, validateRunID and listArtifacts.
 */
export async function verifyRuntimeToken(
  giteaUrl: string,
  token: SecretValue,
  withinMs = usualWithinMs,
): Promise<RuntimeTokenNumbers | null> {
  const numbers = readNumbers(token);
  if (numbers === null) return null;
  const path = `/api/actions_pipeline/_apis/pipelines/workflows/${String(numbers.runId)}/artifacts`;
  const url = `${giteaUrl.replace(/\/+$/, '')}${path}`;
  const status = await ask(url, { giteaUrl, authorization: `Bearer ${token.reveal()}`, withinMs });
  if (status === 200) return numbers;
  // A server without this route also answers 404, but to every request: the real route refuses one without a token.
  if (status === 404 && (await ask(url, { giteaUrl, authorization: null, withinMs })) === 401) return numbers;
  return null;
}

interface Asked {
  readonly giteaUrl: string;
  readonly authorization: string | null;
  readonly withinMs: number;
}

/** Returns the status of one request without reading its body. */
async function ask(url: string, { giteaUrl, authorization, withinMs }: Asked): Promise<number> {
  let status: number;
  try {
    const response = await fetch(url, {
      headers: authorization === null ? {} : { authorization },
      redirect: 'manual',
      signal: AbortSignal.timeout(withinMs),
    });
    status = response.status;
    await response.body?.cancel();
  } catch (cause) {
    throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: 'no answer' }, { cause });
  }
  if (![502, 503, 504].includes(status)) return status;
  throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: `status ${String(status)}` });
}

/** Reads the token's claims without checking them: they only decide what to ask Gitea. */
function readNumbers(token: SecretValue): RuntimeTokenNumbers | null {
  const payload = token.reveal().split('.')[1];
  if (payload === undefined) return null;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const [taskId, runId, jobId] = [claims['TaskID'], claims['RunID'], claims['JobID']];
    if (!isNumber(taskId) || !isNumber(runId) || !isNumber(jobId)) return null;
    return { taskId, runId, jobId };
  } catch {
    // Not in the form of Gitea's tokens.
    return null;
  }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
