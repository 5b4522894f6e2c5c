import { ServiceError } from '../service-error.ts';
import type { SecretValue } from '../secrets/secret-value.ts';

/** The numbers in a runtime token that Gitea confirmed. */
export interface RuntimeTokenNumbers {
  readonly taskId: number;
  readonly runId: number;
  readonly jobId: number;
}

/**
 * Asks Gitea whether a job's runtime token is genuine and its job still runs, and gives the numbers it carries.
 * `giteaUrl` comes from the settings alone. Gitea checks the token's signature, that the task runs and that the run is its
 * own, and only then looks for artifacts: 200 with some, 404 without any. A job that has ended gives 500, another run 400.
 * Returns `null` when Gitea said no. @throws ServiceError `GITEA_UNREACHABLE` when it could not be asked.
 * Source: Gitea routers/api/actions/artifacts.go, ArtifactContexter, validateRunID and listArtifacts.
 */
export async function verifyRuntimeToken(giteaUrl: string, token: SecretValue): Promise<RuntimeTokenNumbers | null> {
  const numbers = readNumbers(token);
  if (numbers === null) return null;
  const path = `/api/actions_pipeline/_apis/pipelines/workflows/${String(numbers.runId)}/artifacts`;
  const url = `${giteaUrl.replace(/\/+$/, '')}${path}`;
  const status = await ask(url, giteaUrl, `Bearer ${token.reveal()}`);
  if (status === 200) return numbers;
  // A server without this route says 404 as well, but to everybody: the guard of the real one refuses a bare request.
  if (status === 404 && (await ask(url, giteaUrl, null)) === 401) return numbers;
  return null;
}

/** The status of one request; nothing of its body is read. */
async function ask(url: string, giteaUrl: string, authorization: string | null): Promise<number> {
  let status: number;
  try {
    const response = await fetch(url, {
      headers: authorization === null ? {} : { authorization },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
    status = response.status;
    await response.body?.cancel();
  } catch (cause) {
    throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: 'no answer' }, { cause });
  }
  if (![502, 503, 504].includes(status)) return status;
  throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: `status ${String(status)}` });
}

/** The claims of the token, unchecked: they only say what to ask Gitea about. */
function readNumbers(token: SecretValue): RuntimeTokenNumbers | null {
  const payload = token.reveal().split('.')[1];
  if (payload === undefined) return null;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    const [taskId, runId, jobId] = [claims['TaskID'], claims['RunID'], claims['JobID']];
    if (!isNumber(taskId) || !isNumber(runId) || !isNumber(jobId)) return null;
    return { taskId, runId, jobId };
  } catch {
    // Not a token of Gitea's form.
    return null;
  }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
