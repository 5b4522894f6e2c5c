import type { JobFeed } from '../audit/collection/job-feed.ts';
import type { Job } from '../audit/model/job.ts';
import { instanceOf } from '../provenance/job-numbers.ts';
import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { jsonProperties } from './json-properties.ts';
import { newestJobs } from './newest-jobs.ts';
import { idOf, parseWorkflowJob, textOf } from './parse-workflow-job.ts';

/** What a run adds to its jobs. */
interface RunFacts {
  readonly repositoryId: number;
  readonly event: string;
  readonly fork: boolean;
}

interface OpenFeed {
  readonly client: GiteaClient;
  readonly instance: string;
  /** Facts of the runs that this pass has read, by the path of each. */
  readonly runs: Map<string, Promise<RunFacts>>;
}

/**
 * The job feed over Gitea's API. With a site administrator's token (`read:admin`) all jobs come from one list; without
 * it, from the list of each repository that the token may read. The API has no filter by time, so lists are read from
 * their newest end back to the mark; jobs that run just now are asked for besides, because before 1.27 a re-run keeps
 * the id of the first attempt and lies below the mark.
 */
export function giteaJobFeed({ client }: { readonly client: GiteaClient }): JobFeed {
  const instance = instanceOf(client.url);
  const runs = new Map<string, Promise<RunFacts>>();
  const feed: OpenFeed = { client, instance, runs };

  return { jobs, log: (job) => log(feed, job) };

  async function* jobs({ highestJobId, unfinished }: Parameters<JobFeed['jobs']>[0]): AsyncGenerator<Job> {
    runs.clear(); // A run's facts do not change while a pass lasts; over a service's life they would fill the memory.
    const seen = new Set<number>();
    for (const list of await jobLists(feed)) {
      for await (const value of newestJobs(client, list, highestJobId)) {
        const job = await toJob(feed, value);
        seen.add(job.jobId);
        yield job;
      }
    }
    for (const { jobId, repository } of unfinished) {
      if (seen.has(jobId)) continue;
      const path = `${repositoryPath(repository)}/actions/jobs/${String(jobId)}`;
      const { status, body } = await client.request('GET', path);
      // Its run was deleted; what the ledger knows of it stays.
      if (status !== 404) yield await toJob(feed, body);
    }
  }
}

/** The site's list, or, for a token that may not see it, one list a repository. */
async function jobLists(feed: OpenFeed): Promise<readonly string[]> {
  const everything = '/api/v1/admin/actions/jobs';
  const answer = await feed.client.request('GET', everything, { query: { limit: 1 }, statuses: [403] });
  if (answer.status < 400) return [everything];
  const lists: string[] = [];
  for await (const page of feed.client.pages('/api/v1/repos/search', 'data')) {
    for (const repository of page) {
      const name = textOf(jsonProperties(repository).get('full_name'));
      if (name === null) throw malformed(feed, '/api/v1/repos/search', 'data.full_name');
      lists.push(`${repositoryPath(name)}/actions/jobs`);
    }
  }
  return lists;
}

async function toJob(feed: OpenFeed, value: unknown): Promise<Job> {
  const url = textOf(jsonProperties(value).get('url')) ?? '';
  const repository = /\/api\/v1\/repos\/([^/]+\/[^/]+)\/actions\/jobs\//.exec(url)?.[1];
  if (repository === undefined) throw malformed(feed, '/api/v1/…/actions/jobs', 'jobs.url');
  const name = decodeURIComponent(repository);
  const facts = await runFacts(feed, name, idOf(jsonProperties(value).get('run_id')));
  const job = parseWorkflowJob(value, { instance: feed.instance, repository: name, ...facts, known: 'api' });
  if ('fault' in job) throw malformed(feed, '/api/v1/…/actions/jobs', `jobs.${job.fault}`);
  return job;
}

async function runFacts(feed: OpenFeed, repository: string, runId: number | null): Promise<RunFacts> {
  if (runId === null) throw malformed(feed, '/api/v1/…/actions/jobs', 'jobs.run_id');
  const path = `${repositoryPath(repository)}/actions/runs/${String(runId)}`;
  const known = feed.runs.get(path) ?? readRun(feed, path);
  feed.runs.set(path, known);
  return await known;
}

async function readRun(feed: OpenFeed, path: string): Promise<RunFacts> {
  const { status, body } = await feed.client.request('GET', path);
  if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: feed.client.url, path, status });
  const run = jsonProperties(body);
  const repository = jsonProperties(run.get('repository'));
  const head = jsonProperties(run.get('head_repository'));
  const repositoryId = idOf(repository.get('id')) ?? idOf(run.get('repository_id'));
  const event = textOf(run.get('event'));
  if (repositoryId === null) throw malformed(feed, path, 'repository.id');
  if (event === null) throw malformed(feed, path, 'event');
  const headId = idOf(head.get('id'));
  const elsewhere = headId !== null && headId !== repositoryId;
  return { repositoryId, event, fork: elsewhere || head.get('fork') === true };
}

/**
 * The log of the attempt that `job` is. Gitea serves the log of the newest task alone, so the job is asked for again
 * behind it: if it has moved on to another attempt, this attempt's log is gone.
 */
async function log(feed: OpenFeed, job: Job): Promise<string | null> {
  const path = `${repositoryPath(job.repository)}/actions/jobs/${String(job.jobId)}`;
  const { status, body } = await feed.client.request('GET', `${path}/logs`, { expectText: true });
  if (status === 404) return null;
  if (status >= 400 || typeof body !== 'string') throw malformed(feed, `${path}/logs`, 'the log');
  const now = await feed.client.request('GET', path);
  const attempt = idOf(jsonProperties(now.body).get('run_attempt')) ?? 1;
  return now.status < 400 && attempt === job.attempt ? body : null;
}

function malformed(feed: OpenFeed, path: string, place: string): ServiceError {
  return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: feed.client.url, path, place });
}

function repositoryPath(fullName: string): string {
  return `/api/v1/repos/${fullName.split('/').map(encodeURIComponent).join('/')}`;
}
