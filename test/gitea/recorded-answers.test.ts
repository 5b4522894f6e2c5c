import { describe, expect, it } from 'vitest';
import { parseAccessToken } from '../../src/gitea/gitea-access-token.ts';
import type { GiteaClient } from '../../src/gitea/gitea-client.ts';
import { jsonProperties } from '../../src/gitea/json-properties.ts';
import { parseDeliveredJob } from '../../src/gitea/parse-delivered-job.ts';
import { parseWorkflowJob } from '../../src/gitea/parse-workflow-job.ts';
import { readPullOrigin } from '../../src/gitea/pull-origin.ts';
import { readRun } from '../../src/gitea/read-run.ts';
import { isSignedByGitea } from '../../src/gitea/webhook-signature.ts';
import { parseGiteaHook } from '../../src/issuers/gitea/gitea-hook.ts';
import { eventFaults, listensTo } from '../../src/issuers/gitea/hook-events.ts';
import { scopeFaults } from '../../src/issuers/gitea/token-scopes.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { readDelivery, readExchange, recordedNames } from '../embedded/gitea/recorded/recorded-exchanges.ts';
import { unlessContractsAreAbsent } from '../published-contracts.ts';

// What Gitea 1.26.3 answered, read by the code itself, without the double in between.
const names = recordedNames();
const body = (name: string) => readExchange(name).answer.body;
const at = { gitea: 'http://localhost', path: '/api/v1' };

/** A client that gives recorded answers: the pull request for its path, the run otherwise. */
function answering(run: string, pull: string | null): GiteaClient {
  return {
    url: 'http://localhost',
    pages: () => {
      throw new Error('No list is asked for.');
    },
    request(_, path) {
      const name = path.includes('/pulls/') ? pull : run;
      if (name === null) throw new Error(`${path} is not asked for.`);
      const { status } = readExchange(name).answer;
      return Promise.resolve({ status, body: body(name), headers: new Headers() });
    },
  };
}

describe('a recorded job', unlessContractsAreAbsent, () => {
  const around = {
    instance: 'aaaaaaaa',
    repositoryId: 1,
    repository: 'acme/shop',
    event: 'push',
    workflow: 'deploy.yml',
    fork: false,
    forkUnknownBecause: null,
    branch: 'main',
    hasAttemptRows: false,
    known: 'api',
  } as const;

  it.each([
    ['job-queued', 1, 'queued', 0],
    ['job-blocked', 1, 'waiting', 0],
    ['job-running', 1, 'in_progress', 0],
    ['job-finished', 1, 'completed', 0],
    ['job-failed', 1, 'completed', 0],
    ['job-cancelled', 1, 'completed', 0],
    ['job-rerun-queued', 2, 'queued', 1],
    ['job-rerun-finished', 2, 'completed', 1],
  ])('%s is attempt %i, %s, after %i that ended', (name, attempt, status, endedBefore) => {
    expect(parseWorkflowJob(body(name), around)).toMatchObject({ endedBefore, job: { attempt, status } });
  });

  it('of each list can be read', () => {
    for (const name of ['admin-jobs-list', 'repository-jobs-list', 'jobs-public-reader', 'jobs-in-progress']) {
      const jobs = jsonProperties(body(name)).get('jobs');
      if (!Array.isArray(jobs)) throw new Error(`${name} is a list of jobs.`);
      for (const job of jobs) expect(parseWorkflowJob(job, around)).toHaveProperty('job');
    }
  });
});

describe('a recorded pull request', unlessContractsAreAbsent, () => {
  it.each([
    ['own-pull', false, 'own'],
    ['own-pull-branch-deleted', false, 'own'],
    ['fork-pull', true, 'change'],
    ['deleted-fork-pull', true, 'change'],
    ['agit-pull', true, null],
  ])('%s is of a stranger: %s', async (name, fork, branch) => {
    const origin = await readPullOrigin(answering(name, name), '/api/v1/repos/acme/blog', 1);
    expect(origin).toEqual({ fork, branch, forkUnknownBecause: null });
  });

  it.each([
    ['fork-pull-run', 'fork-pull', true],
    ['fork-pull-target-run', 'fork-pull', true],
    ['own-pull-run', 'own-pull', false],
    ['agit-pull-run', 'agit-pull', true],
    ['agit-pull-target-run', 'agit-pull', true],
  ])('is asked for by its run %s', async (run, pull, fork) => {
    const facts = await readRun(answering(run, pull), '/api/v1/repos/acme/blog', 1);
    expect(facts).toMatchObject({ repositoryId: 2, fork, hasAttemptRows: false });
  });

  it('is not asked for by the run of a push or a dispatch', async () => {
    for (const run of ['run-running', 'run-finished', 'run-cancelled']) {
      const facts = await readRun(answering(run, null), '/api/v1/repos/acme/shop', 1);
      expect(facts).toMatchObject({ repositoryId: 1, fork: false, branch: 'main', hasAttemptRows: false });
    }
  });
});

describe('a recorded delivery', unlessContractsAreAbsent, () => {
  it.each(names.filter((name) => name.startsWith('delivery-')))('%s is signed, and only with its secret', (name) => {
    const { secret, request } = readDelivery(name);
    const signature = request.headers['X-Gitea-Signature'] ?? null;
    const bytes = Buffer.from(request.body);
    expect(isSignedByGitea(bytes, signature, new SecretValue(secret))).toBe(true);
    expect(isSignedByGitea(bytes, signature, new SecretValue(`${secret}x`))).toBe(false);
    expect(isSignedByGitea(Buffer.from(`${request.body} `), signature, new SecretValue(secret))).toBe(false);
    const named = parseDeliveredJob(JSON.parse(request.body));
    expect(named === null).toBe(name.startsWith('delivery-workflow-run'));
  });
});

describe('a recorded hook', unlessContractsAreAbsent, () => {
  it.each(names.filter((name) => name.startsWith('hook-create-')))(
    '%s listens to what was asked for, if Gitea knows it',
    (name) => {
      const wanted = jsonProperties(readExchange(name).request.body).get('events');
      const events = Array.isArray(wanted) ? wanted.map(String) : [];
      const known = events.filter((event) => event !== 'no_such_event');
      expect(eventFaults(events)).toHaveLength(events.length - known.length);
      expect(listensTo(parseGiteaHook(body(name), at).events, known)).toBe(true);
      expect(listensTo(parseGiteaHook(body(name), at).events, [...known, 'wiki'])).toBe(false);
    },
  );
});

describe('a recorded access token', unlessContractsAreAbsent, () => {
  it.each(names.filter((name) => name.startsWith('token-create')))(
    '%s has the scopes that the policy holds, or none',
    (name) => {
      const { request, answer } = readExchange(name);
      const wanted = jsonProperties(request.body).get('scopes');
      if (answer.status !== 201 || !Array.isArray(wanted)) return;
      const told = parseAccessToken(answer.body, at).scopes;
      // What the policy lets pass is told as it was asked for; what Gitea tells otherwise, the policy refuses.
      const same = told.length === wanted.length && told.every((scope) => wanted.includes(scope));
      expect(scopeFaults(wanted.map(String)).length === 0).toBe(same);
    },
  );
});
