import type { Clock } from '../clock.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { mintToken } from './server/access-tokens.ts';
import { answerRequest } from './answer-request.ts';
import { hashCredential } from './server/credential-hash.ts';
import { webhookDelivery, type WebhookDelivery } from './webhooks/deliver-webhooks.ts';
import type { EmbeddedGitea } from './embedded-gitea.ts';
import { rowById, seconds, type GiteaInstance } from './server/gitea-instance.ts';
import { nextId, type StoredJob } from './server/gitea-state.ts';
import { openStateFile } from './server/state-file.ts';
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
    testHook: (hook, repository) => webhooks.test(hook, repository),
    changed: () => file.changed(),
  };
  const webhooks = webhookDelivery(instance);

  const running = new Set<HeldJob>();
  const site = siteOf(instance, webhooks, running);
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
  const memories = new Map<number, RunnerMemory>();
  const run = (job: StoredJob, runner: string): HeldJob => {
    webhooks.jobChanged(job);
    const claimed = claimJob(instance, job, runner);
    const memory = memories.get(claimed.runner.id) ?? { runtimeToken: '' };
    memories.set(claimed.runner.id, memory);
    const held = runJob({
      instance,
      ...claimed,
      memory,
      changed: (row) => webhooks.jobChanged(row),
      ended: () => running.delete(held),
    });
    running.add(held);
    webhooks.jobChanged(job);
    return held;
  };
  return {
    addRepository(fullName, { private: hidden = true, administrators = [] } = {}) {
      const [owner = '', name = ''] = fullName.split('/');
      const repository = {
        id: nextId(state, 'repository'),
        owner,
        name,
        private: hidden,
        administrators,
        created: seconds(instance),
      };
      state.repositories.push(repository);
      instance.changed();
      return { id: repository.id, fullName, private: hidden };
    },
    addRunner({ name, labels, version = newestRunner, environment = {}, repository }) {
      const repositoryId = state.repositories.find((row) => `${row.owner}/${row.name}` === repository)?.id ?? null;
      const runner = { id: nextId(state, 'runner'), name, labels, version, environment, disabled: false, repositoryId };
      state.runners.push(runner);
      instance.changed();
      return { id: runner.id, name, labels, version };
    },
    addUser({ name, password, administrator = false }) {
      const passwordHash = hashCredential(instance.remember(password));
      state.users.push({ id: nextId(state, 'user'), name, passwordHash, administrator, created: seconds(instance) });
      instance.changed();
    },
    seedToken(user, name, scopes) {
      const owner = state.users.find((row) => row.name === user);
      if (owner === undefined) throw new Error(`The embedded Gitea has no user ${user}.`);
      return mintToken(instance, owner, name, scopes).value;
    },
    startJob: (start) => run(queueJob(instance, start), start.runner),
    rerun(jobId) {
      const before = state.tasks.findLast((task) => task.jobId === jobId);
      const runner = state.runners.find((row) => row.id === before?.runnerId);
      return run(queueRerun(instance, jobId), runner?.name ?? '');
    },
    addWebhook(url, secret) {
      const created = seconds(instance);
      const sent = {
        url,
        contentType: 'json',
        secret: instance.remember(secret),
        events: ['workflow_job'],
        active: true,
      };
      state.hooks.push({
        id: nextId(state, 'hook'),
        of: { kind: 'system' },
        type: 'gitea',
        ...sent,
        created,
        updated: created,
      });
      instance.changed();
    },
    settled: () => webhooks.settled(),
    logOf(jobId) {
      const taskId = state.jobs.find((row) => row.id === jobId)?.taskId;
      const rows = state.tasks.find((row) => row.id === taskId)?.log ?? [];
      return Buffer.from(rows.map((row) => `${row}\n`).join(''), 'latin1').toString('utf8');
    },
    jobs: () =>
      state.jobs.map((job) =>
        embeddedJob({
          repository: rowById(state.repositories, job.repositoryId),
          run: rowById(state.runs, job.runId),
          job,
        }),
      ),
  };
}
