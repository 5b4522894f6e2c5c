import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { idOf, jsonProperties } from './json-properties.ts';

interface Page {
  readonly jobs: readonly ListedJob[];
  /** The server's count of rows in the whole list. */
  readonly total: number;
}

/** A row of a list; its JSON is not parsed yet. */
export interface ListedJob {
  readonly id: number;
  readonly value: unknown;
}

// MAX_RESPONSE_ITEMS of Gitea's default configuration. A server may return shorter pages without saying so.
const pageSize = 50;

/**
 * Yields the jobs of a list whose id is above the mark, and the running ones, each once. Gitea lists jobs by ascending id,
 * some versions by descending id, so the list is read from its newest end back to the mark. The server decides the page size.
 * @throws ServiceError as the client; `GITEA_ANSWER_MALFORMED` if the whole list has fewer rows than the server counts.
 */
export async function* listJobs(client: GiteaClient, path: string, highestJobId: number): AsyncGenerator<ListedJob> {
  const seen = new Set<number>();
  for await (const job of newestJobs(client, path, highestJobId)) {
    if (seen.has(job.id)) continue;
    seen.add(job.id);
    yield job;
  }
  for await (const job of runningJobs(client, path)) {
    if (seen.has(job.id)) continue;
    seen.add(job.id);
    yield job;
  }
}

async function* newestJobs(client: GiteaClient, path: string, highestJobId: number): AsyncGenerator<ListedJob> {
  const first = await readPage(client, path, 1);
  const size = first.jobs.length;
  const pages = size === 0 ? 1 : Math.max(1, Math.ceil(first.total / size));
  const last = pages === 1 ? first : await readPage(client, path, pages);
  const ascending = (first.jobs[0]?.id ?? 0) <= (last.jobs.at(-1)?.id ?? Number.POSITIVE_INFINITY);
  const known = new Map([
    [pages, last],
    [1, first],
  ]);
  let rows = 0;
  let total = first.total;
  for (let step = 1; step <= pages; step += 1) {
    const number = ascending ? pages - step + 1 : step;
    const page = known.get(number) ?? (await readPage(client, path, number));
    rows += page.jobs.length;
    total = Math.min(total, page.total);
    yield* page.jobs.filter(({ id }) => id > highestJobId);
    if (page.jobs.some(({ id }) => id <= highestJobId)) return;
  }
  // The smallest count wins, because runs may be deleted meanwhile.
  if (rows < total) throw malformed(client, path, 'fewer jobs than total_count');
}

async function* runningJobs(client: GiteaClient, path: string): AsyncGenerator<ListedJob> {
  let rows = 0;
  for (let number = 1; ; number += 1) {
    const page = await readPage(client, path, number, 'in_progress');
    yield* page.jobs;
    rows += page.jobs.length;
    if (page.jobs.length === 0 || rows >= page.total) return;
  }
}

async function readPage(client: GiteaClient, path: string, page: number, status?: string): Promise<Page> {
  const query = { page, limit: pageSize, ...(status === undefined ? {} : { status }) };
  const answer = await client.request('GET', path, { query });
  if (answer.status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: client.url, path });
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
