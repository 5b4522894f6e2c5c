import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';

/** The origin of a run's code. */
export interface RunOrigin {
  /** Whether a stranger wrote it. `unknown`: Gitea did not say; `forkUnknownBecause` contains the reason. */
  readonly fork: boolean | 'unknown';
  readonly forkUnknownBecause: string | null;
  /** The pushed branch, or the branch of the pull request; `null` if there is none or it is not known. */
  readonly branch: string | null;
}

/** Returns the number of the run's pull request, from `path` (`FILE@refs/pull/N/head`); `null` if there is none. */
export function pullNumberOf(run: ReadonlyMap<string, unknown>): number | null {
  const number = /@refs\/pull\/(\d{1,15})\//.exec(textOf(run.get('path')) ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

/**
 * Asks Gitea for the origin of a pull request, which neither run nor job contains. A pull request is the repository's own
 * only if its head repository exists, is the base repository, and the head has a label. If a reader pushes to
 * `refs/for/BRANCH` (agit), the head repository is the base, and there is no label. Any other answer means `unknown`.
 * Source: recorded `*-pull*` of Gitea 1.26.3; services/convert/pull.go.
 */
export async function readPullOrigin(client: GiteaClient, repository: string, number: number): Promise<RunOrigin> {
  const place = `pulls/${String(number)}`;
  let answer: Awaited<ReturnType<GiteaClient['request']>>;
  try {
    answer = await client.request('GET', `${repository}/${place}`, { statuses: [403] });
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return unknownOrigin(`${place} was not answered: ${error.code}`);
  }
  if (answer.status !== 200) return unknownOrigin(`${place} answered ${String(answer.status)}`);
  const pull = jsonProperties(answer.body);
  const [head, base] = ['head', 'base'].map((name) => jsonProperties(pull.get(name)));
  const baseId = idOf(jsonProperties(base?.get('repo')).get('id'));
  const [headRepository, label] = [head?.get('repo'), head?.get('label')];
  if (baseId === null || headRepository === undefined || typeof label !== 'string') {
    return unknownOrigin(`${place} does not say where it comes from`);
  }
  const fork = idOf(jsonProperties(headRepository).get('id')) !== baseId || label === '';
  return { fork, forkUnknownBecause: null, branch: textOf(label) };
}

export function unknownOrigin(because: string): RunOrigin {
  return { fork: 'unknown', forkUnknownBecause: because, branch: null };
}
