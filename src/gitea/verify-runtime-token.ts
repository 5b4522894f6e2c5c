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
 * `giteaUrl` comes from the settings alone. The artifact route answers 200 only for a token that Gitea signed, while the
 * task runs, for its own run; a job that has ended gives 500, another run 400.
 * Returns `null` when Gitea said no. @throws ServiceError `GITEA_UNREACHABLE` when it could not be asked.
 * Source: Gitea routers/api/actions/artifacts.go, ArtifactContexter and validateRunID.
 */
export async function verifyRuntimeToken(giteaUrl: string, token: SecretValue): Promise<RuntimeTokenNumbers | null> {
  const numbers = readNumbers(token);
  if (numbers === null) return null;
  const path = `/api/actions_pipeline/_apis/pipelines/workflows/${String(numbers.runId)}/artifacts`;
  const response = await ask(`${giteaUrl.replace(/\/+$/, '')}${path}`, giteaUrl, token);
  await response.body?.cancel();
  if (response.status === 200) return numbers;
  if ([502, 503, 504].includes(response.status)) {
    throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: `status ${String(response.status)}` });
  }
  return null;
}

async function ask(url: string, giteaUrl: string, token: SecretValue): Promise<Response> {
  try {
    return await fetch(url, {
      headers: { authorization: `Bearer ${token.reveal()}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new ServiceError('GITEA_UNREACHABLE', { gitea: giteaUrl, reason: 'no answer' }, { cause });
  }
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
