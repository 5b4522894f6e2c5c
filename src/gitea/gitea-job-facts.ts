import type { GiteaAccount, JobFacts, JobFactsSource } from '../broker/ports/job-facts.ts';
import { instanceOf } from '../provenance/job-numbers.ts';
import { ServiceError } from '../service-error.ts';
import type { GiteaClient } from './gitea-client.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';
import { parseWorkflowJob, timeOf } from './parse-workflow-job.ts';
import { askForRun, readRunFacts } from './read-run.ts';

/**
 * The facts of a job over Gitea's API: its job, its run, and the protection of the run's branch.
 * Source: definitions `ActionWorkflowJob`, `ActionWorkflowRun`, `Branch` of the published description; recorded `run-*`.
 */
export function giteaJobFacts(client: GiteaClient): JobFactsSource {
  const instance = instanceOf(client.url);
  return {
    instance,

    async read({ runId, jobId, repository }) {
      const path = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;
      const answer = await client.request('GET', `${path}/actions/jobs/${String(jobId)}`);
      if (answer.status === 404) return null;
      const run = await askForRun(client, path, runId);
      const { hasAttemptRows, ...facts } = await readRunFacts(client, path, run);
      const surroundings = { instance, repository, hasAttemptRows, known: 'api', ...facts } as const;
      const parsed = parseWorkflowJob(answer.body, surroundings);
      if ('fault' in parsed) throw malformed(`${path}/actions/jobs`, parsed.fault);
      const { job } = parsed;
      if (job.runId !== runId) return null;
      const fullName = textOf(jsonProperties(run.get('repository')).get('full_name'));
      if (fullName === null) throw malformed(`${path}/actions/runs`, 'repository.full_name');
      const found: JobFacts = {
        repositoryId: facts.repositoryId,
        // As Gitea writes it: the job may have used another case, or a former name.
        repository: fullName,
        runId,
        jobId,
        attempt: job.attempt,
        startedAt: job.startedAt,
        event: job.event,
        branch: job.branch,
        protectedBranch: await isProtected(path, run, facts.event),
        fork: job.fork,
        workflow: facts.workflow,
        commit: textOf(run.get('head_sha')),
        triggeredBy: accountOf(run.get('trigger_actor')),
      };
      return { facts: found, isRunning: job.status === 'in_progress' };
    },

    async authorOf({ repository, commit }) {
      const path = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}/git/commits/${encodeURIComponent(commit)}`;
      const query = { stat: false, verification: false, files: false };
      const { status, body } = await client.request('GET', path, { query });
      if (status === 404) return null;
      return accountOf(jsonProperties(body).get('author'));
    },

    async standing({ jobId, attempt, startedAt, repository }) {
      const place = `/repos/${repository.split('/').map(encodeURIComponent).join('/')}/actions/jobs/${String(jobId)}`;
      const path = `/api/v1${place}`;
      const { status, body } = await client.request('GET', path);
      if (status === 404) return 'ended';
      const job = jsonProperties(body);
      const address = textOf(job.get('url'));
      if (address === null) throw malformed(path, 'url');
      // The old name of a repository redirects to the new one, and the job's own address has the new one.
      if (!address.toLowerCase().endsWith(place.toLowerCase())) return 'moved';
      // Before 1.25 there is no number, only a first attempt: the time at which a runner took it tells the next one.
      const isSame = (idOf(job.get('run_attempt')) ?? 1) === attempt && timeOf(job.get('started_at')) === startedAt;
      return isSame && job.get('status') === 'in_progress' ? 'running' : 'ended';
    },
  };

  /**
   * Only a run on a branch can be on a protected one: not one of a tag, and not one of a pull request, whose run names its
   * base branch if the event is `pull_request_target`.
   */
  async function isProtected(repository: string, run: ReadonlyMap<string, unknown>, event: string): Promise<boolean> {
    if (event.startsWith('pull_request')) return false;
    const branch = /@refs\/heads\/(.+)$/.exec(textOf(run.get('path')) ?? '')?.[1];
    if (branch === undefined) return false;
    const path = `${repository}/branches/${branch.split('/').map(encodeURIComponent).join('/')}`;
    const { status, body } = await client.request('GET', path);
    // The branch is gone: nothing protects it.
    if (status === 404) return false;
    const shown = jsonProperties(body).get('protected');
    if (typeof shown !== 'boolean') throw malformed(path, 'protected');
    return shown;
  }

  function malformed(path: string, place: string): ServiceError {
    return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path, place });
  }
}

function accountOf(given: unknown): GiteaAccount | null {
  const account = jsonProperties(given);
  const [id, login] = [idOf(account.get('id')), textOf(account.get('login'))];
  return id === null || login === null ? null : { id, login };
}
