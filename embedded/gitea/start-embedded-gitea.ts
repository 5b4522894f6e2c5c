import type { Clock } from '../clock.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { mintToken } from './server/access-tokens.ts';
import { answerRequest } from './answer-request.ts';
import { hashCredential } from './server/credential-hash.ts';
import { webhookDelivery, type WebhookDelivery } from './webhooks/deliver-webhooks.ts';
import type { EmbeddedGitea } from './embedded-gitea.ts';
import { fullName, rowById, seconds, type GiteaInstance } from './server/gitea-instance.ts';
import { deleteHead, openPull } from './runner/open-pull.ts';
import { nextId, type StoredJob } from './server/gitea-state.ts';
import { openStateFile } from './server/state-file.ts';
import { pushedWorkflows } from './runner/pushed-workflows.ts';
import { embeddedJob, runJob, type HeldJob, type RunnerMemory } from './runner/running-job.ts';
import { claimJob, queueJob, queueRerun } from './runner/start-job.ts';

export interface EmbeddedGiteaOptions {
  readonly clock: Clock;
  /** Any free port when absent. */
  readonly port?: number;
  /** A JSON file in which the state is kept across restarts; in memory alone when absent. */
  readonly data?: string;
  /** Gitea's version, `1.26.3` when absent. From `1.27.0` on a rerun makes a new job row. */
  readonly version?: string;
  /** What the artifact route answers to a good token of a run without artifacts. Gitea's source says `not-found`. */
  readonly withoutArtifacts?: GiteaInstance['withoutArtifacts'];
  /** `[api] MAX_RESPONSE_ITEMS`, 50 when absent. */
  readonly maxResponseItems?: number;
  /** `[service] ENABLE_BASIC_AUTHENTICATION`, on when absent. */
  readonly basicAuthentication?: boolean;
}

// The newest runner whose source was read.
const newestRunner = '3.3.0';

/** Starts a Gitea with its runners on loopback. `stop` ends the server and every process that a job started. */
export async function startEmbeddedGitea(
  options: EmbeddedGiteaOptions,
): Promise<EmbeddedGitea & { stop(): Promise<void> }> {
  const file = openStateFile(options.data ?? null);
  const secrets = new Set<string>();
  const server = await startLoopbackServer({
    clock: options.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer: ({ method, url: { pathname: path, searchParams: query }, headers: { authorization }, body }) => {
      const answer = answerRequest(instance, { method, path, query, authorization, body });
      return { ...answer, headers: { 'cache-control': 'max-age=0, private, must-revalidate', ...answer.headers } };
    },
  });
  const url = `http://localhost:${String(server.port)}`;
  const instance: GiteaInstance = {
    clock: options.clock,
    state: file.state,
    version: options.version ?? '1.26.3',
    signingKey: file.signingKey,
    withoutArtifacts: options.withoutArtifacts ?? 'not-found',
    url: () => url,
    remember(secret) {
      secrets.add(secret);
      return secret;
    },
    maxResponseItems: options.maxResponseItems ?? 50,
    basicAuthentication: options.basicAuthentication ?? true,
    testHook: (hook, repository) => webhooks.test(hook, repository),
    deleteRepository: (name) => site.deleteRepository(name),
    pushWorkflow: (repository, workflow, text, pusher) => pushed.push(repository, workflow, text, pusher),
    jobChanged(job) {
      webhooks.jobChanged(job);
      pushed.requeued(job);
    },
    changed: () => file.changed(),
  };
  const webhooks = webhookDelivery(instance);

  const running = new Set<HeldJob>();
  const site = siteOf(instance, webhooks, running);
  const pushed = pushedWorkflows(instance, site);
  return {
    url,
    ...site,
    everySecret: () => [...secrets],
    async stop() {
      for (const job of running) job.abandon();
      await server.stop();
      file.close();
    },
  };
}

/** What tests and stories do at the site without a request. */
function siteOf(
  instance: GiteaInstance,
  webhooks: WebhookDelivery,
  running: Set<HeldJob>,
): Omit<EmbeddedGitea, 'url' | 'everySecret'> {
  const { state } = instance;
  return {
    ...repositoriesOf(instance),
    ...jobsOf(instance, webhooks, running),
    addRunner({ name, labels, version = newestRunner, environment = {}, repository }) {
      const repositoryId = state.repositories.find((row) => `${row.owner}/${row.name}` === repository)?.id ?? null;
      const runner = { id: nextId(state, 'runner'), name, labels, version, environment, disabled: false, repositoryId };
      state.runners.push(runner);
      instance.changed();
      return { id: runner.id, name, labels, version };
    },
    addUser({ name, password, administrator = false, secondFactor = false }) {
      const passwordHash = hashCredential(instance.remember(password));
      const created = seconds(instance);
      const id = nextId(state, 'user');
      state.users.push({ id, name, passwordHash, secondFactor, administrator, created });
      instance.changed();
      return { id };
    },
    seedToken(user, name, scopes) {
      const owner = state.users.find((row) => row.name === user);
      if (owner === undefined) throw new Error(`The embedded Gitea has no user ${user}.`);
      return mintToken(instance, owner, name, scopes).value;
    },
    addWebhook(url, secret, events = ['workflow_job']) {
      const created = seconds(instance);
      const sent = { url, contentType: 'json', secret: instance.remember(secret), events, active: true };
      const id = nextId(state, 'hook');
      state.hooks.push({ id, of: { kind: 'system' }, type: 'gitea', ...sent, created, updated: created });
      instance.changed();
    },
    settled: () => webhooks.settled(),
  };
}

/** Jobs as they are queued, approved, taken by a runner and run again. */
function jobsOf(
  instance: GiteaInstance,
  webhooks: WebhookDelivery,
  running: Set<HeldJob>,
): Pick<EmbeddedGitea, 'startJob' | 'queueJob' | 'approve' | 'takeJob' | 'queueRerun' | 'rerun' | 'logOf' | 'jobs'> {
  const { state } = instance;
  const memories = new Map<number, RunnerMemory>();
  const told = (job: StoredJob) => {
    const repository = rowById(state.repositories, job.repositoryId);
    return embeddedJob({ repository, run: rowById(state.runs, job.runId), job });
  };
  const queue = (start: Parameters<typeof queueJob>[1]) => announced(queueJob(instance, start));
  const rerun = (jobId: number) => announced(queueRerun(instance, jobId));
  const approve = (job: StoredJob) => announced(Object.assign(job, { status: 'queued' as const }));
  const announced = (job: StoredJob) => {
    webhooks.jobChanged(job);
    return job;
  };
  const take = (job: StoredJob, runner = runnerOf(instance, job)): HeldJob => {
    const claimed = claimJob(instance, job, runner);
    const memory = memories.get(claimed.runner.id) ?? { runtimeToken: '' };
    memories.set(claimed.runner.id, memory);
    const changed = (row: StoredJob) => webhooks.jobChanged(row);
    const held = runJob({ instance, ...claimed, memory, changed, ended: () => running.delete(held) });
    running.add(held);
    webhooks.jobChanged(job);
    return held;
  };
  return {
    startJob(start) {
      const job = queue(start);
      return take(job.status === 'waiting' ? approve(job) : job, start.runner);
    },
    queueJob: (start) => told(queue(start)),
    approve: (jobId) => told(approve(rowById(state.jobs, jobId))),
    takeJob: (jobId, runner) => take(rowById(state.jobs, jobId), runner),
    queueRerun: (jobId) => told(rerun(jobId)),
    rerun: (jobId) => take(rerun(jobId), runnerOf(instance, rowById(state.jobs, jobId))),
    logOf(jobId) {
      const taskId = state.jobs.find((row) => row.id === jobId)?.taskId;
      const rows = state.tasks.find((row) => row.id === taskId)?.log ?? [];
      return Buffer.from(rows.map((row) => `${row}\n`).join(''), 'latin1').toString('utf8');
    },
    jobs: () => state.jobs.map(told),
  };
}

/** The one that ran its last attempt, else one with its labels. */
function runnerOf({ state }: GiteaInstance, job: StoredJob): string {
  const before = state.tasks.findLast((task) => task.jobId === job.id);
  const fits = (row: { readonly labels: readonly string[] }) => job.labels.every((label) => row.labels.includes(label));
  return state.runners.find((row) => (before === undefined ? fits(row) : row.id === before.runnerId))?.name ?? '';
}

/** Repositories and their pull requests. */
function repositoriesOf(
  instance: GiteaInstance,
): Pick<EmbeddedGitea, 'addRepository' | 'renameRepository' | 'deleteRepository' | 'openPull' | 'deleteHead'> {
  const { state } = instance;
  const named = (name: string) => {
    const found = state.repositories.find((row) => fullName(row) === name);
    if (found === undefined) throw new Error(`The embedded Gitea has no repository ${name}.`);
    return found;
  };
  return {
    addRepository(path, options = {}) {
      const { private: hidden = true, administrators = [], forkOf, protectedBranches = [] } = options;
      const { actions = forkOf === undefined } = options;
      const [owner = '', name = ''] = path.split('/');
      const repository = {
        id: nextId(state, 'repository'),
        owner,
        name,
        private: hidden,
        administrators,
        actions,
        forkOf: forkOf === undefined ? null : named(forkOf).id,
        formerNames: [],
        protectedBranches,
        created: seconds(instance),
      };
      state.repositories.push(repository);
      instance.changed();
      return { id: repository.id, fullName: path, private: hidden };
    },
    renameRepository(from, to) {
      const repository = named(from);
      const [owner = '', name = ''] = to.split('/');
      // A name that is taken no longer redirects.
      for (const row of state.repositories) row.formerNames = row.formerNames.filter((former) => former !== to);
      Object.assign(repository, { owner, name, formerNames: [...repository.formerNames, from] });
      instance.changed();
    },
    deleteRepository(name) {
      const { id } = named(name);
      const ofIt = (row: { readonly repositoryId: number }) => row.repositoryId === id;
      const jobs = new Set(state.jobs.filter(ofIt).map((job) => job.id));
      keep(state.tasks, (task) => !jobs.has(task.jobId));
      for (const rows of [state.jobs, state.runs, state.pulls, state.deployKeys, state.issues, state.labels] as {
        repositoryId: number;
      }[][])
        keep(rows, (row) => !ofIt(row));
      keep(state.repositories, (row) => row.id !== id);
      instance.changed();
    },
    openPull: (pull) => openPull(instance, pull).number,
    deleteHead: (repository, pull) => deleteHead(instance, repository, pull),
  };
}

function keep<Row>(rows: Row[], wanted: (row: Row) => boolean): void {
  rows.splice(0, rows.length, ...rows.filter(wanted));
}
