import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { createClock, type Clock } from '../../../../embedded/clock.ts';
import type { EmbeddedGitea, RunningJob, StartJob } from '../../../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedGitea } from '../../../../embedded/gitea/start-embedded-gitea.ts';
import { basic } from '../gitea-under-test.ts';
import type { ComparedAnswer } from './compare-answers.ts';
import { readExchange } from './recorded-exchanges.ts';

/** What the embedded Gitea answered, delivered and handed to jobs when the recorded history was played on it. */
export interface EmbeddedHistory {
  readonly answers: ReadonlyMap<string, ComparedAnswer>;
  readonly environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly events: ReadonlyMap<string, unknown>;
  readonly deliveries: readonly { readonly headers: Readonly<Record<string, string>>; readonly body: string }[];
}

type Gitea = EmbeddedGitea & { stop(): Promise<void> };

/** A history in the making. Ids of the recording are those of a young server; here each leads to the row that stands for it. */
interface Play extends EmbeddedHistory {
  gitea: Gitea;
  readonly clock: Clock;
  readonly answers: Map<string, ComparedAnswer>;
  readonly environments: Map<string, Readonly<Record<string, string>>>;
  readonly events: Map<string, unknown>;
  readonly jobs: Map<number, number>;
  readonly runs: Map<number, number>;
  readonly ids: Map<string, number>;
  readonly authorizations: Record<Person, string>;
}

type Person =
  | 'admin'
  | 'keyturn'
  | 'reader'
  | 'nobody'
  | 'stranger'
  | 'bot'
  | 'wrong'
  | 'runtime'
  | 'forged'
  | 'token-as-password';

const password = 'a-fake-password-0123456789';

/** Plays what happened on the recorded server, in its order, and asks what was asked there at each moment. */
export async function playHistory(): Promise<EmbeddedHistory> {
  const folder = mkdtempSync(join(tmpdir(), 'recorded-history-'));
  const receiver = await startReceiver();
  const clock = createClock(new Date('2026-11-26T13:12:57Z'));
  clock.stand();
  const gitea = await startEmbeddedGitea({ clock, data: join(folder, 'gitea.json') });
  const play: Play = {
    gitea,
    clock,
    answers: new Map(),
    environments: new Map(),
    events: new Map(),
    deliveries: receiver.deliveries,
    jobs: new Map(),
    runs: new Map(),
    ids: new Map(),
    authorizations: prepareSite(gitea),
  };
  try {
    gitea.addWebhook(receiver.url, 'recorded-webhook-secret-0123456789', ['workflow_job', 'workflow_run']);
    await playQueue(play);
    await playFirstJobs(play);
    await playCancel(play);
    await playRerun(play);
    await playPullRequests(play);
    await playLists(play);
    await playNames(play);
    await playIssuers(play);
    await gitea.settled();
    await playOtherSettings(play, folder);
  } finally {
    await play.gitea.stop();
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return play;
}

function prepareSite(gitea: Gitea): Play['authorizations'] {
  gitea.addUser({ name: 'root-admin', password, administrator: true });
  gitea.addUser({ name: 'keyturn', password, administrator: true });
  for (const name of ['reader', 'deploy-bot', 'mallory']) gitea.addUser({ name, password });
  gitea.addRepository('acme/shop', { administrators: ['root-admin'] });
  gitea.addRepository('acme/blog', { private: false, administrators: ['root-admin'] });
  gitea.addRepository('acme/site', { private: false, administrators: ['root-admin'] });
  gitea.addRepository('acme/docs', { private: false, actions: false });
  gitea.addRepository('mallory/blog', { private: false, forkOf: 'acme/blog' });
  gitea.addRunner({ name: 'runner-1', labels: ['host'], version: '1.0.8' });
  const scopes = ['read:admin', 'read:repository', 'read:organization', 'read:user'];
  const rootToken = gitea.seedToken('root-admin', 'whole', ['all']);
  return {
    admin: basic('root-admin', password),
    keyturn: `token ${gitea.seedToken('keyturn', 'collector', scopes)}`,
    reader: `token ${gitea.seedToken('reader', 'collector', ['read:repository'])}`,
    nobody: '',
    stranger: `token ${'0'.repeat(40)}`,
    bot: basic('deploy-bot', password),
    wrong: basic('deploy-bot', 'not-the-password'),
    runtime: '',
    forged: '',
    'token-as-password': basic('root-admin', rootToken),
  };
}

async function playQueue(play: Play): Promise<void> {
  await ask(play, 'keyturn', 'version', 'repository');
  queue(play, 1, 1, { name: 'Show the environment', key: 'env-job', workflow: 'probe.yml', event: 'push' });
  play.clock.advance(44_000);
  queue(play, 2, 2, { name: 'quick', workflow: 'quick.yml', event: 'workflow_dispatch' });
  await ask(play, 'keyturn', 'job-queued', 'run-queued', 'job-log-not-started');
  queue(play, 3, 3, { name: 'build', workflow: 'needs.yml', event: 'workflow_dispatch' });
  for (const [job, leg] of [
    [4, '1'],
    [5, '2'],
  ] as const)
    queue(play, job, 3, { name: `deploy (${leg})`, waits: true });
  await ask(play, 'keyturn', 'job-blocked', 'jobs-of-run-with-needs');
}

async function playFirstJobs(play: Play): Promise<void> {
  const first = take(play, 1);
  keepSurroundings(play, 'push', first);
  const token = first.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
  play.authorizations.runtime = `Bearer ${token}`;
  play.authorizations.forged = `Bearer ${token.split('.').slice(0, 2).join('.')}.${'A'.repeat(43)}`;
  const running = first.execute(['sleep', '600'], {}, 'probe');
  await ask(play, 'keyturn', 'job-running', 'run-running', 'jobs-in-progress', 'admin-runners');
  await ask(play, 'runtime', 'artifacts-running-token-none', 'artifacts-other-run');
  await ask(play, 'nobody', 'artifacts-no-header');
  await ask(play, 'forged', 'artifacts-forged-token');
  first.finish();
  await running;
  await ask(play, 'runtime', 'artifacts-ended-task');
  await runQuick(play);
  await ask(play, 'keyturn', 'job-finished', 'run-finished', 'job-log-finished', 'jobs-of-run');
  for (const job of [3, 4, 5]) {
    if (job > 3) play.gitea.approve(idOf(play.jobs, job));
    await runToEnd(play, job, 'true');
  }
  queue(play, 6, 4, { name: 'A job that fails', key: 'failing', workflow: 'failing.yml', event: 'workflow_dispatch' });
  const failing = take(play, 6);
  const script = ['echo before', 'echo "::error::the reason"', 'echo "::add-mask::hide-me-please"'];
  const rest = ['echo "a masked word: hide-me-please"', 'exit 3'];
  await failing.execute(['sh', '-c', [...script, ...rest].join('\n')], {}, 'three');
  failing.finish('failure');
  await ask(play, 'keyturn', 'job-failed', 'job-log-failed');
}

/** A job that is cancelled while it counts: its runner learns of it after Gitea has told the end. */
async function playCancel(play: Play): Promise<void> {
  queue(play, 7, 5, { name: 'long', workflow: 'long.yml', event: 'workflow_dispatch' });
  const long = take(play, 7);
  const script = 'for i in $(seq 90); do echo tick $i; sleep 1; done';
  // Its sleep takes no time up to the fifth tick and is endless from there.
  const sleep = { 'BASH_FUNC_sleep%%': '() { [ "$i" -lt 5 ] || command sleep 600; }' };
  const counting = long.execute(['bash', '-c', script], sleep, 'count');
  await vi.waitFor(
    () => {
      if (!play.gitea.logOf(idOf(play.jobs, 7)).includes('tick 5')) throw new Error('It has not counted to five.');
    },
    { timeout: 120_000, interval: 20 },
  );
  long.cancel();
  await ask(play, 'keyturn', 'job-cancelled', 'job-log-cancelled-early', 'run-cancelled');
  for (let tick = 6; tick <= 10; tick += 1) long.log(`tick ${String(tick)}`);
  play.clock.advance(4_000);
  long.learnOfCancel();
  await counting;
  await ask(play, 'keyturn', 'job-cancelled-late', 'job-log-cancelled-late');
}

async function playRerun(play: Play): Promise<void> {
  await ask(play, 'admin', 'run-rerun');
  await ask(play, 'keyturn', 'run-rerun-queued', 'job-rerun-queued', 'job-log-rerun-queued');
  await runQuick(play);
  await ask(play, 'keyturn', 'job-rerun-finished', 'run-rerun-finished', 'job-log-rerun-finished');
}

/** A fork's pull request, one from a branch of the repository, and one pushed to refs/for/main. */
async function playPullRequests(play: Play): Promise<void> {
  const { gitea } = play;
  const repository = 'acme/blog';
  await ask(play, 'reader', 'repos-search-reader', 'jobs-fork-without-actions-403', 'jobs-actions-off-403');
  gitea.openPull({ repository, from: 'fork', branch: 'change', author: 'mallory' });
  queuePull(play, 8, 6, 1, 'pull_request');
  await ask(play, 'keyturn', 'fork-pull-run-unapproved', 'fork-pull-jobs-unapproved', 'fork-pull');
  queuePull(play, 9, 7, 1, 'pull_request_target');
  await runPull(play, 9, 'fork-pull-request-target');
  gitea.approve(idOf(play.jobs, 8));
  await runPull(play, 8, 'fork-pull-request');
  await ask(play, 'keyturn', 'fork-pull-run', 'fork-pull-job', 'fork-pull-target-run', 'fork-pull-target-job');

  gitea.openPull({ repository, from: 'own', branch: 'own', author: 'root-admin' });
  for (const [job, run, event] of [
    [10, 8, 'pull_request'],
    [11, 9, 'pull_request_target'],
  ] as const) {
    queuePull(play, job, run, 2, event);
    await runPull(play, job, `own-${event}`);
  }
  await ask(play, 'keyturn', 'own-pull', 'own-pull-run');
  gitea.deleteHead(repository, 2);
  await ask(play, 'keyturn', 'own-pull-branch-deleted');

  gitea.openPull({ repository, from: 'agit', author: 'mallory' });
  queuePull(play, 12, 10, 3, 'pull_request');
  queuePull(play, 13, 11, 3, 'pull_request_target');
  await runPull(play, 13, 'agit-pull-request-target');
  await ask(play, 'keyturn', 'agit-pull', 'agit-pull-run', 'agit-pull-target-run');
}

async function playLists(play: Play): Promise<void> {
  await ask(play, 'keyturn', 'repository-jobs-list', 'repository-runs-list', 'admin-jobs-list', 'admin-jobs-page-2');
  await ask(play, 'keyturn', 'jobs-limit-above-maximum', 'jobs-unknown-status', 'jobs-no-repository-404');
  await ask(play, 'keyturn', 'jobs-actions-off-admin');
  await ask(play, 'reader', 'jobs-public-reader', 'jobs-private-unreadable-404', 'admin-jobs-reader-403');
  await ask(play, 'nobody', 'jobs-no-token-404');
  await ask(play, 'stranger', 'jobs-bad-token-401');
}

/** A repository that is renamed, given away and deleted, and a fork that is deleted. */
async function playNames(play: Play): Promise<void> {
  const { gitea } = play;
  queue(play, 14, 12, { repository: 'acme/site', name: 'quick', workflow: 'quick.yml' });
  const running = take(play, 14);
  const step = running.execute(['sleep', '600']);
  gitea.renameRepository('acme/site', 'acme/website');
  await ask(play, 'keyturn', 'renamed-job-301', 'renamed-jobs-301', 'renamed-job-new-name', 'repository-by-id');
  running.finish();
  await step;
  gitea.renameRepository('acme/website', 'root-admin/website');
  await ask(play, 'keyturn', 'transferred-job-301');
  gitea.deleteRepository('root-admin/website');
  await ask(play, 'keyturn', 'deleted-repository-job-404');
  gitea.deleteHead('acme/blog', 1);
  await ask(play, 'keyturn', 'deleted-fork-pull');
}

async function playIssuers(play: Play): Promise<void> {
  await ask(play, 'admin', 'token-create', 'token-create-redundant-scopes', 'token-create-all-write-scopes');
  await ask(play, 'admin', 'token-create-order', 'token-create-public-only', 'token-create-unknown-scope');
  await ask(play, 'admin', 'token-create-no-scope', 'token-of-nobody');
  await ask(play, 'keyturn', 'token-create-with-token-auth');
  for (const token of ['one', 'two', 'three', 'four', 'five'])
    await send(play, 'DELETE', `/users/deploy-bot/tokens/${token}`);
  const kept = await send(play, 'POST', '/users/deploy-bot/tokens', { name: 'kept', scopes: ['read:user'] });
  play.ids.set('tokens/8', numberOf(kept.body));
  await ask(play, 'admin', 'token-create-name-taken', 'token-list', 'token-delete', 'token-delete-missing');
  await ask(play, 'admin', 'deploy-key-create', 'deploy-key-list', 'deploy-key-get', 'deploy-key-create-again');
  await ask(play, 'admin', 'deploy-key-title-taken', 'deploy-key-not-a-key', 'deploy-key-patch');
  await ask(play, 'admin', 'deploy-key-get-other-repository', 'deploy-key-delete-other-repository');
  await ask(play, 'admin', 'deploy-key-delete', 'deploy-key-delete-missing', 'deploy-key-get-missing');
  await ask(play, 'admin', 'hook-create-push', 'hook-create-pull-request', 'hook-create-issues');
  await ask(play, 'admin', 'hook-create-pull-request-only', 'hook-create-mixed', 'hook-create-unknown');
  await ask(play, 'admin', 'hook-create-workflow');
  play.ids.set('hooks/8', madeId(play, 'hook-create-workflow'));
  await ask(
    play,
    'admin',
    'hook-create-organisation',
    'hook-list',
    'hook-list-system',
    'hook-delete',
    'hook-delete-missing',
  );
  await ask(play, 'admin', 'hook-create-system');
  await ask(play, 'admin', 'actions-secret-put-new', 'actions-secret-put-again', 'actions-secret-list');
  await ask(play, 'admin', 'actions-secret-bad-name', 'actions-secret-empty', 'actions-secret-put-organisation');
  await ask(play, 'admin', 'actions-secret-delete', 'actions-secret-delete-missing');
  await ask(play, 'keyturn', 'actions-secret-put-no-scope');
  await ask(play, 'admin', 'user-patch-password', 'user-patch-without-source', 'user-patch-nobody');
  await ask(play, 'admin', 'user-patch-short-password');
  await ask(play, 'bot', 'user-basic-good');
  await ask(play, 'wrong', 'user-basic-wrong');
  await ask(play, 'admin', 'unknown-route', 'unknown-route-attempts');
  await ask(play, 'nobody', 'unknown-route-pipelines');
}

/** The same server started again: with shorter pages, then without Basic authentication, then with an artifact. */
async function playOtherSettings(play: Play, folder: string): Promise<void> {
  for (let job = 15; job <= 21; job += 1) {
    queue(play, job, job - 2, { name: 'quick', workflow: 'quick.yml', event: 'workflow_dispatch' });
    await runToEnd(play, job, 'true');
  }
  const data = join(folder, 'gitea.json');
  const startAgain = async (settings: Partial<Parameters<typeof startEmbeddedGitea>[0]>) => {
    await play.gitea.stop();
    play.gitea = await startEmbeddedGitea({ clock: play.clock, data, ...settings });
  };
  await startAgain({ maxResponseItems: 10 });
  await ask(play, 'keyturn', 'settings-api', 'page-size-10-page-1', 'page-size-10-page-2', 'page-size-10-past-the-end');
  await ask(play, 'keyturn', 'page-size-10-admin');
  await startAgain({ basicAuthentication: false });
  await ask(play, 'bot', 'basic-off-user-401');
  await ask(play, 'token-as-password', 'basic-off-token-as-password', 'basic-off-user-token');
  play.authorizations.keyturn = `token ${play.gitea.seedToken('root-admin', 'again', ['all'])}`;
  await ask(play, 'keyturn', 'basic-off-user-patch-200');
  await startAgain({ withoutArtifacts: 'empty-list' });
  const running = take(play, 12);
  play.authorizations.runtime = `Bearer ${running.environment['ACTIONS_RUNTIME_TOKEN'] ?? ''}`;
  play.runs.set(1, running.job.runId);
  await ask(play, 'runtime', 'artifacts-running-token-one');
}

function queue(
  play: Play,
  job: number,
  run: number,
  start: Partial<StartJob> & { readonly name: string; readonly waits?: boolean },
): void {
  const known = play.runs.get(run);
  const queued = play.gitea.queueJob({
    repository: 'acme/shop',
    runner: 'runner-1',
    actor: 'root-admin',
    ...start,
    ...(known === undefined ? {} : { run: known }),
  });
  play.jobs.set(job, queued.jobId);
  play.runs.set(run, queued.runId);
}

function queuePull(play: Play, job: number, run: number, pull: number, event: string): void {
  const actor = pull === 2 ? 'root-admin' : 'mallory';
  queue(play, job, run, {
    repository: 'acme/blog',
    name: 'pr',
    workflow: event === 'pull_request' ? 'pr.yml' : 'prt.yml',
    event,
    pull,
    actor,
  });
}

function take(play: Play, job: number): RunningJob {
  return play.gitea.takeJob(idOf(play.jobs, job), 'runner-1');
}

async function runToEnd(play: Play, job: number, script: string): Promise<void> {
  const running = take(play, job);
  await running.execute(['sh', '-c', script]);
  running.finish();
}

async function runQuick(play: Play): Promise<void> {
  await runToEnd(play, 2, 'echo hello\necho "to stderr" >&2');
}

async function runPull(play: Play, job: number, name: string): Promise<void> {
  const running = take(play, job);
  keepSurroundings(play, name, running);
  await running.execute(['true'], {}, 'probe');
  running.finish();
}

function keepSurroundings(play: Play, name: string, { environment }: RunningJob): void {
  play.environments.set(name, environment);
  play.events.set(name, JSON.parse(readFileSync(environment['GITHUB_EVENT_PATH'] ?? '', 'utf8')));
}

/** Sends recorded requests, each with the ids that its rows have here, and keeps the answers. */
async function ask(play: Play, person: Person, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { method, path, body } = readExchange(name).request;
    play.answers.set(name, await send(play, method, pathHere(play, path), body, person));
    rememberId(play, name);
  }
}

/** A key that was just added is the one that the requests after it speak of. */
function rememberId(play: Play, name: string): void {
  if (name === 'deploy-key-create') play.ids.set('keys/1', madeId(play, name));
}

async function send(
  play: Play,
  method: string,
  path: string,
  body?: unknown,
  person: Person = 'admin',
): Promise<ComparedAnswer> {
  const authorization = play.authorizations[person];
  const prefix = path.startsWith('/api/') ? '' : '/api/v1';
  const response = await fetch(`${play.gitea.url}${prefix}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(authorization === '' ? {} : { authorization }), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const parsed: unknown = text === '' ? null : isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: Object.fromEntries(response.headers), body: parsed };
}

function pathHere(play: Play, path: string): string {
  return path
    .replace(/\/actions\/jobs\/(\d+)/, (_, id: string) => `/actions/jobs/${String(play.jobs.get(Number(id)) ?? id)}`)
    .replace(
      /\/(runs|workflows)\/(\d+)/,
      (_, kind: string, id: string) => `/${kind}/${String(play.runs.get(Number(id)) ?? id)}`,
    )
    .replace(/(keys|hooks|tokens)\/\d+/, (place) => place.replace(/\d+$/, (id) => String(play.ids.get(place) ?? id)));
}

function idOf(ids: ReadonlyMap<number, number>, recorded: number): number {
  return ids.get(recorded) ?? 0;
}

/** Takes deliveries as the recorded server's receiver did. */
async function startReceiver() {
  const deliveries: { headers: Record<string, string>; body: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      deliveries.push({
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: Buffer.concat(parts).toString('utf8'),
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    deliveries,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function madeId(play: Play, name: string): number {
  return numberOf(play.answers.get(name)?.body);
}

function numberOf(body: unknown): number {
  return typeof body === 'object' && body !== null && 'id' in body ? Number(body.id) : 0;
}
