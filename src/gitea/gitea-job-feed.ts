import type { FeedRefusal, FeedWord, JobFeed, NamedJob } from '../audit/collection/job-feed.ts';
import type { Job } from '../audit/model/job.ts';
import { instanceOf } from '../provenance/job-numbers.ts';
import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';
import { type ListedJob, listJobs } from './list-jobs.ts';
import { parseWorkflowJob } from './parse-workflow-job.ts';
import { readRun, type RunFacts } from './read-run.ts';

/** A list of jobs, of the site or of one repository. */
interface JobList {
  /** Stays the same from pass to pass, even after a rename. */
  readonly key: string;
  readonly name: string;
  readonly path: string;
}

type Told = Extract<FeedWord, { readonly kind: 'job' }>;

const siteList: JobList = { key: 'site', name: 'all repositories', path: '/api/v1/admin/actions/jobs' };

/**
 * The job feed over Gitea's API. With a site administrator's token (`read:admin`) all jobs come from one list; without
 * it, from the list of each repository that has Actions and that the token may read. The API has no filter by time, so
 * the feed reads lists from their newest end back to the mark. It also asks for running and named jobs, because before
 * 1.27 a re-run keeps the id of the first attempt, which is below the mark.
 * A failure of one list or one job is yielded as `refused` and ends nothing else.
 */
export function giteaJobFeed({ client }: { readonly client: GiteaClient }): JobFeed {
  const instance = instanceOf(client.url);
  let isWhole = false;
  return {
    instance,
    whole: () => isWhole,
    jobs,
    async job(named, signal) {
      const told = await createReader(client, instance, signal).named(named);
      return told.kind === 'job' ? { job: told.job, endedBefore: told.endedBefore } : null;
    },
    log,
  };

  async function* jobs({ marks, named }: Parameters<JobFeed['jobs']>[0]): AsyncGenerator<FeedWord> {
    const lists = await jobLists();
    isWhole = lists[0] === siteList;
    // Cached for one pass only; over the life of a service the runs would fill the memory.
    const reader = createReader(client, instance);
    const told = new Set<number>();
    for (const list of lists) {
      for await (const word of wordsOf(list, marks[list.key] ?? 0, reader)) {
        if (word.kind === 'job') told.add(word.job.jobId);
        yield word;
      }
    }
    for (const one of named) {
      if (told.has(one.jobId)) continue;
      told.add(one.jobId);
      yield await answerOrRefusal(one, () => reader.named(one));
    }
  }

  /** Yields the jobs of one list. If reading it fails, its mark does not move. */
  async function* wordsOf(list: JobList, mark: number, reader: JobReader): AsyncGenerator<FeedWord> {
    let highestJobId = mark;
    try {
      for await (const listed of listJobs(client, list.path, mark)) {
        highestJobId = Math.max(highestJobId, listed.id);
        yield await answerOrRefusal(namedOf(listed), () => reader.listed(listed));
      }
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      yield { kind: 'refused', what: list.key, name: list.name, named: null, ...reasonOf(error) };
      return;
    }
    yield { kind: 'list-read', list: list.key, highestJobId };
  }

  /** Returns the site's list, or, if the token may not read it, one list per repository. */
  async function jobLists(): Promise<readonly JobList[]> {
    const answer = await client.request('GET', siteList.path, { query: { limit: 1 }, statuses: [403] });
    if (answer.status < 400) return [siteList];
    const lists: JobList[] = [];
    for await (const page of client.pages('/api/v1/repos/search', 'data')) {
      for (const repository of page.map(jsonProperties)) {
        // Forks have no Actions by default, and Gitea refuses their list to everyone but administrators.
        if (repository.get('has_actions') === false) continue;
        const [id, name] = [idOf(repository.get('id')), textOf(repository.get('full_name'))];
        if (id === null || name === null) throw malformed(client, '/api/v1/repos/search', 'data.id, data.full_name');
        lists.push({ key: `repository/${String(id)}`, name, path: `${repositoryPath(name)}/actions/jobs` });
      }
    }
    return lists;
  }

  /**
   * Reads the log. Gitea serves only the newest task's log, so this asks for the job again afterwards: if another attempt
   * has begun meanwhile, the log may be that attempt's.
   */
  async function log(job: Job): Promise<string | null> {
    const path = `${repositoryPath(job.repository)}/actions/jobs/${String(job.jobId)}`;
    const { status, body } = await client.request('GET', `${path}/logs`, { expectText: true });
    if (status === 404) return null;
    if (status >= 400 || typeof body !== 'string') throw malformed(client, `${path}/logs`, 'the log');
    const now = await client.request('GET', path);
    const attempt = idOf(jsonProperties(now.body).get('run_attempt')) ?? 1;
    return now.status < 400 && attempt === job.attempt ? body : null;
  }
}

interface JobReader {
  listed(job: ListedJob): Promise<FeedWord>;
  named(job: NamedJob): Promise<FeedWord>;
}

/** Reads jobs with the facts of their runs. Asks for each run, and for each repository's present name, once. */
function createReader(asked: GiteaClient, instance: string, signal?: AbortSignal): JobReader {
  const client = signal === undefined ? asked : withSignal(asked, signal);
  const runs = new Map<string, Promise<RunFacts>>();
  const names = new Map<number, Promise<string | null>>();

  return {
    listed: async ({ value }) => await toWord(value),
    async named({ jobId, repositoryId, repository }) {
      // By id, because another repository may have taken the name.
      const present = repositoryId === null ? repository : await once(names, repositoryId, () => nameOf(repositoryId));
      if (present === null) return { kind: 'gone', jobId, repositoryShown: false };
      const path = `${repositoryPath(present)}/actions/jobs/${String(jobId)}`;
      const { status, body } = await client.request('GET', path);
      return status === 404 ? { kind: 'gone', jobId, repositoryShown: repositoryId !== null } : await toWord(body);
    },
  };

  async function nameOf(repositoryId: number): Promise<string | null> {
    const path = `/api/v1/repositories/${String(repositoryId)}`;
    const { status, body } = await client.request('GET', path);
    if (status === 404) return null;
    const name = textOf(jsonProperties(body).get('full_name'));
    if (name === null) throw malformed(client, path, 'full_name');
    return name;
  }

  async function toWord(value: unknown): Promise<FeedWord> {
    const job = jsonProperties(value);
    const name = repositoryIn(value);
    const runId = idOf(job.get('run_id'));
    if (name === null) throw malformed(client, '/api/v1/…/actions/jobs', 'jobs.url');
    if (runId === null) throw malformed(client, '/api/v1/…/actions/jobs', 'jobs.run_id');
    const path = repositoryPath(name);
    const { hasAttemptRows, ...facts } = await once(runs, `${path} ${String(runId)}`, () =>
      readRun(client, path, runId),
    );
    const parsed = parseWorkflowJob(value, { instance, repository: name, hasAttemptRows, known: 'api', ...facts });
    if ('fault' in parsed) throw malformed(client, '/api/v1/…/actions/jobs', `jobs.${parsed.fault}`);
    return { kind: 'job', ...parsed } satisfies Told;
  }
}

function withSignal(client: GiteaClient, signal: AbortSignal): GiteaClient {
  return { ...client, request: (method, path, request) => client.request(method, path, { ...request, signal }) };
}

/** A job names its repository only in its address. */
function repositoryIn(value: unknown): string | null {
  const url = textOf(jsonProperties(value).get('url')) ?? '';
  const name = /\/api\/v1\/repos\/([^/]+\/[^/]+)\/actions\/jobs\//.exec(url)?.[1];
  return name === undefined ? null : decodeURIComponent(name);
}

function namedOf({ id, value }: ListedJob): NamedJob {
  return { jobId: id, repositoryId: null, repository: repositoryIn(value) };
}

async function once<Key, Value>(known: Map<Key, Promise<Value>>, key: Key, ask: () => Promise<Value>): Promise<Value> {
  const answer = known.get(key) ?? ask();
  known.set(key, answer);
  return await answer;
}

async function answerOrRefusal(
  { jobId, repositoryId, repository }: NamedJob,
  ask: () => Promise<FeedWord>,
): Promise<FeedWord> {
  try {
    return await ask();
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    const named = { jobId, repositoryId, repository };
    return { kind: 'refused', ...jobPlace(jobId, repository), named, ...reasonOf(error) };
  }
}

function jobPlace(jobId: number, repository: string | null): Pick<FeedRefusal, 'what' | 'name'> {
  const name = repository === null ? `job ${String(jobId)}` : `job ${String(jobId)} of ${repository}`;
  return { what: `job/${String(jobId)}`, name };
}

function reasonOf({ code, details }: ServiceError): Pick<FeedRefusal, 'why' | 'lasting'> {
  const status = 'status' in details && typeof details.status === 'number' ? ` (${String(details.status)})` : '';
  const reason = 'reason' in details && typeof details.reason === 'string' ? ` (${details.reason})` : '';
  return { why: `${code}${status}${reason}`, lasting: code === 'GITEA_ACCESS_DENIED' || code === 'GITEA_NOT_FOUND' };
}

function malformed(client: GiteaClient, path: string, place: string): ServiceError {
  return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path, place });
}

function repositoryPath(fullName: string): string {
  return `/api/v1/repos/${fullName.split('/').map(encodeURIComponent).join('/')}`;
}
