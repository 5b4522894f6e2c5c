import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { jsonProperties } from './json-properties.ts';
import { idOf } from './parse-workflow-job.ts';

interface Page {
  readonly jobs: readonly { readonly id: number; readonly value: unknown }[];
  readonly total: number;
}

// MAX_RESPONSE_ITEMS of Gitea's default configuration.
const pageSize = 50;

/**
 * Jobs of a list whose id is above the mark, and those that are running, each once. Gitea lists jobs lowest id first,
 * some versions highest first: the first page shows which, and the list is walked from its newest end to the mark.
 */
export async function* newestJobs(client: GiteaClient, path: string, highestJobId: number): AsyncGenerator {
  const seen = new Set<number>();
  const first = await readPage(client, path, 1);
  const pages = Math.max(1, Math.ceil(first.total / pageSize));
  const ids = first.jobs.map(({ id }) => id);
  const ascending = (ids[0] ?? 0) <= (ids.at(-1) ?? 0);
  for (let step = 1; step <= pages; step += 1) {
    const number = ascending ? pages - step + 1 : step;
    const page = number === 1 ? first : await readPage(client, path, number);
    const fresh = page.jobs.filter(({ id }) => id > highestJobId && !seen.has(id));
    for (const { id, value } of fresh) {
      seen.add(id);
      yield value;
    }
    if (page.jobs.some(({ id }) => id <= highestJobId)) break;
  }
  for (let number = 1; ; number += 1) {
    const running = await readPage(client, path, number, 'in_progress');
    for (const { id, value } of running.jobs) if (!seen.has(id)) yield value;
    if (running.jobs.length < pageSize) return;
  }
}

async function readPage(client: GiteaClient, path: string, page: number, status?: string): Promise<Page> {
  const query = { page, limit: pageSize, ...(status === undefined ? {} : { status }) };
  const answer = await client.request('GET', path, { query });
  if (answer.status >= 400) {
    throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: client.url, path, status: answer.status });
  }
  const body = jsonProperties(answer.body);
  const jobs = body.get('jobs') ?? [];
  if (!Array.isArray(jobs)) throw malformed(client, path, 'jobs');
  const total = body.get('total_count');
  return {
    total: typeof total === 'number' ? total : jobs.length,
    jobs: jobs.map((value: unknown) => {
      const id = idOf(jsonProperties(value).get('id'));
      if (id === null) throw malformed(client, path, 'jobs.id');
      return { id, value };
    }),
  };
}

function malformed(client: GiteaClient, path: string, place: string): ServiceError {
  return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path, place });
}
