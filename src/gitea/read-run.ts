import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';
import { pullNumberOf, readPullOrigin, type RunOrigin, unknownOrigin } from './pull-origin.ts';

/** What a run adds to its jobs. */
export interface RunFacts extends RunOrigin {
  readonly repositoryId: number;
  readonly event: string;
  /** File name of its workflow; `null` if Gitea does not say. */
  readonly workflow: string | null;
  /** Whether each attempt of a job has its own id: since Gitea 1.27, whose runs count attempts from 1. */
  readonly hasAttemptRows: boolean;
}

/**
 * Reads one run. `repository`: its path below the API.
 * @throws ServiceError as the client, `GITEA_NOT_FOUND` if the run was deleted, `GITEA_ANSWER_MALFORMED`.
 */
export async function readRun(client: GiteaClient, repository: string, runId: number): Promise<RunFacts> {
  return await readRunFacts(client, repository, await askForRun(client, repository, runId));
}

/** The same from a run that was asked for already. @throws ServiceError as the client, `GITEA_ANSWER_MALFORMED`. */
export async function readRunFacts(
  client: GiteaClient,
  repository: string,
  run: ReadonlyMap<string, unknown>,
): Promise<RunFacts> {
  // 1.26 declares `repository_id` and `head_repository` and fills neither.
  const repositoryId = idOf(jsonProperties(run.get('repository')).get('id'));
  const event = textOf(run.get('event'));
  if (repositoryId === null) throw malformed('repository.id');
  if (event === null) throw malformed('event');
  const attempt = run.get('run_attempt');
  const hasAttemptRows = typeof attempt === 'number' && attempt >= 1;
  const workflow = workflowOf(run);
  return { repositoryId, event, workflow, hasAttemptRows, ...(await originOf(client, repository, run, event)) };

  function malformed(place: string): ServiceError {
    return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path: `${repository}/actions/runs`, place });
  }
}

/**
 * Asks for one run and returns its members. `repository`: its path below the API.
 * @throws ServiceError as the client, `GITEA_NOT_FOUND` if the run was deleted.
 */
export async function askForRun(
  client: GiteaClient,
  repository: string,
  runId: number,
): Promise<ReadonlyMap<string, unknown>> {
  const path = `${repository}/actions/runs/${String(runId)}`;
  const { status, body } = await client.request('GET', path);
  if (status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: client.url, path });
  if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: client.url, path, status });
  return jsonProperties(body);
}

/** The file in `path`, which is `FILE@REFERENCE`. Source: recorded `run-*` of Gitea 1.26.3. */
function workflowOf(run: ReadonlyMap<string, unknown>): string | null {
  return textOf((textOf(run.get('path')) ?? '').split('@')[0]);
}

async function originOf(
  client: GiteaClient,
  repository: string,
  run: ReadonlyMap<string, unknown>,
  event: string,
): Promise<RunOrigin> {
  const number = pullNumberOf(run);
  if (number !== null) return await readPullOrigin(client, repository, number);
  if (event.startsWith('pull_request')) return unknownOrigin('its run names no pull request');
  return { fork: false, forkUnknownBecause: null, branch: textOf(run.get('head_branch')) };
}
