import { json, text, unknownRoute, type Answer } from '../server/answer.ts';
import type { GiteaInstance } from '../server/gitea-instance.ts';
import type { GiteaRequest } from '../server/gitea-route.ts';
import { rowById } from '../server/gitea-instance.ts';
import { taskOfRuntimeToken } from '../runner/runtime-token.ts';

const address = /^\/api\/actions_pipeline\/_apis\/pipelines\/workflows\/(?<run>[^/]+)\/artifacts$/;

/**
 * The artifact route, which confirms a runtime token: only while its task runs, only for its own run. `null` for other
 * paths. Order and texts as in routers/api/actions/artifacts.go: header (401), signature and running task (500), run (400).
 */
export function answerArtifactRequest(instance: GiteaInstance, request: GiteaRequest): Answer | null {
  const run = address.exec(request.path)?.groups?.['run'];
  if (run === undefined) return request.path.startsWith('/api/actions_pipeline/') ? unknownRoute() : null;
  const authorization = request.authorization ?? '';
  if (!authorization.startsWith('Bearer ')) return text(401, 'Bad authorization header');
  const taskId = taskOfRuntimeToken(authorization.slice('Bearer '.length), instance.clock.now(), instance.signingKey);
  if (taskId === null) return text(500, 'Error runner api getting task');
  const task = instance.state.tasks.find((row) => row.id === taskId);
  if (task === undefined) return text(500, 'Error runner api getting task by ID');
  if (task.status !== 'running') return text(500, 'Error runner api getting task: task is not running');
  if (String(rowById(instance.state.jobs, task.jobId).runId) !== run) return text(400, 'run-id does not match');
  return request.method === 'POST' ? uploadAddress(instance, run) : listArtifacts(instance);
}

/** No embedded job uploads artifacts, so Gitea answers 404 after it has accepted the token. */
function listArtifacts(instance: GiteaInstance): Answer {
  if (instance.withoutArtifacts === 'not-found') return text(404, 'Not Found');
  return json(200, { count: 0, value: [] });
}

/** Returns the upload address of an artifact; creates nothing. */
function uploadAddress(instance: GiteaInstance, run: string): Answer {
  const base = `${instance.url()}/api/actions_pipeline/_apis/pipelines/workflows/${run}/artifacts`;
  return json(200, { fileContainerResourceUrl: `${base}/0123456789abcdef0123456789abcdef/upload` });
}
