import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../../embedded/gitea/embedded-gitea.ts';
import { contents, giteaUnderTest, shell } from './gitea-under-test.ts';

describe('a running job', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  beforeEach(async () => {
    at = await giteaUnderTest();
  });
  afterEach(async () => {
    await at.gitea.stop();
  });

  function start(version?: string): RunningJob {
    const name = version ?? 'r1';
    if (version !== undefined) at.gitea.addRunner({ name, labels: ['old'], version });
    return at.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: name });
  }
  const rows = (job: RunningJob) => contents(at.gitea.logOf(job.job.jobId));
  const variable = (job: RunningJob, name: string) => job.environment[name] ?? '';

  it('runs a command without a shell and keeps its output line by line, of both streams', async () => {
    const job = start();
    expect(await job.execute(['printf', '%s\\n', '$HOME', 'a;b'])).toBe(0);
    await job.execute(shell('echo to-err >&2; printf "no end"'));
    expect(rows(job).toSorted()).toEqual(['$HOME', 'a;b', 'no end', 'to-err']);
  });

  it('gives the exit code as it is, 128 + n after a signal, 127 for a command that is not there', async () => {
    const job = start();
    expect(await job.execute(shell('exit 42'))).toBe(42);
    expect(await job.execute(shell('kill -TERM $$'))).toBe(143);
    expect(await job.execute(['/no/such/command'])).toBe(127);
    expect(rows(job).at(-1)).toContain('/no/such/command');
  });

  it('sees what a real runner tells it, and no numeric id of job or task outside the runtime token', () => {
    const job = start();
    const { runId, jobId, taskId } = job.job;
    expect(job.environment).toMatchObject({
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITEA_ACTIONS: 'true',
      GITEA_ACTIONS_RUNNER_VERSION: 'v3.3.0',
      GITHUB_RUN_ID: String(runId),
      GITHUB_RUN_NUMBER: '1',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_JOB: 'deploy',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_SERVER_URL: at.gitea.url,
      GITHUB_API_URL: `${at.gitea.url}/api/v1`,
      ACTIONS_RUNTIME_URL: `${at.gitea.url}/api/actions_pipeline/`,
      RUNNER_NAME: 'r1',
    });
    const values = Object.values(job.environment);
    expect(values).not.toContain(String(jobId));
    expect(values).not.toContain(String(taskId));
  });

  it('finds the repository id in its event file', () => {
    const job = start();
    const event = JSON.parse(readFileSync(variable(job, 'GITHUB_EVENT_PATH'), 'utf8')) as {
      repository: { id: number };
    };
    expect(event.repository.id).toBe(at.repository.id);
  });

  it.each([
    ['0.2.11', [], ['GITHUB_RUN_ATTEMPT', 'GITEA_ENV', 'GITEA_RUN_ID', 'RUNNER_NAME']],
    ['0.5.0', ['GITHUB_RUN_ATTEMPT'], ['GITEA_ENV', 'GITEA_RUN_ID', 'RUNNER_NAME']],
    ['1.0.0', ['GITHUB_RUN_ATTEMPT', 'GITEA_ENV'], ['GITEA_RUN_ID', 'RUNNER_NAME']],
    ['2.0.0', ['GITHUB_RUN_ATTEMPT', 'GITEA_ENV', 'GITEA_RUN_ID'], ['RUNNER_NAME']],
    ['2.3.0', ['GITHUB_RUN_ATTEMPT', 'GITEA_ENV', 'GITEA_RUN_ID', 'RUNNER_NAME'], []],
  ])('on runner %s has %j and lacks %j', (version, there, missing) => {
    const names = Object.keys(start(version).environment);
    expect(names).toEqual(expect.arrayContaining(there));
    expect(names.filter((name) => missing.includes(name))).toEqual([]);
  });

  it("gets the runner daemon's own environment, and what its step sets on top of that", async () => {
    at.gitea.addRunner({ name: 'host', labels: ['host'], environment: { AZURE_CLIENT_ID: 'from-daemon', CI: 'no' } });
    const job = at.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'host' });
    await job.execute(shell('echo $AZURE_CLIENT_ID $CI'));
    await job.execute(shell('echo $AZURE_CLIENT_ID'), { AZURE_CLIENT_ID: 'from-step' });
    expect(rows(job)).toEqual(['from-daemon true', 'from-step']);
  });

  it('passes on to later steps what a step wrote to GITHUB_ENV, in both notations', async () => {
    const job = start();
    await job.execute(shell('printf "ONE=1\\nTWO<<END\\na\\nb\\nEND\\n" >> "$GITHUB_ENV"; echo "[$ONE]"'));
    await job.execute(shell('echo "[$ONE]"; echo "$TWO"; wc -c < "$GITHUB_ENV" | tr -d " "'));
    expect(rows(job)).toEqual(['[]', '[1]', 'a', 'b', '0']);
    expect(variable(job, 'ONE')).toBe('1');
  });

  it('has files of its own in a temporary folder, which is gone after it', async () => {
    const job = start();
    const folder = variable(job, 'HOME');
    await job.execute(shell('echo x > "$RUNNER_TEMP/left-behind"; touch here'));
    expect(existsSync(folder)).toBe(true);
    job.finish();
    expect(existsSync(folder)).toBe(false);
    const unused = start();
    unused.finish();
    expect(existsSync(variable(unused, 'HOME'))).toBe(false);
  });

  it('has a line cut at 65,536 bytes without a word', async () => {
    const job = start();
    await job.execute(shell('head -c 70000 /dev/zero | tr "\\0" x; echo; echo after'));
    expect(rows(job).map((row) => row.length)).toEqual([65_536, 5]);
  });

  it('never shows its runtime token or an Actions secret of its repository in its log', async () => {
    await at.ask(at.root, 'PUT', '/repos/acme/shop/actions/secrets/API', { data: 'repository-secret' });
    await at.ask(at.root, 'PUT', '/orgs/acme/actions/secrets/ORG', { data: 'organisation-secret' });
    const job = start();
    await job.execute(shell('echo $ACTIONS_RUNTIME_TOKEN; echo repository-secret organisation-secret'));
    expect(rows(job)).toEqual(['***', '*** ***']);
    expect(at.gitea.everySecret()).toContain(variable(job, 'ACTIONS_RUNTIME_TOKEN'));
  });

  it('shares its runtime token with every job of its runner before 1.0.3, and never after', async () => {
    const old = start('1.0.2');
    const own = variable(old, 'ACTIONS_RUNTIME_TOKEN');
    const later = at.gitea.startJob({ repository: 'acme/shop', name: 'other', runner: '1.0.2' });
    expect(variable(old, 'ACTIONS_RUNTIME_TOKEN')).toBe(variable(later, 'ACTIONS_RUNTIME_TOKEN'));
    expect(variable(old, 'ACTIONS_RUNTIME_TOKEN')).not.toBe(own);
    const fixed = start('1.0.3');
    const before = variable(fixed, 'ACTIONS_RUNTIME_TOKEN');
    at.gitea.startJob({ repository: 'acme/shop', name: 'other', runner: '1.0.3' });
    expect(variable(fixed, 'ACTIONS_RUNTIME_TOKEN')).toBe(before);
  });

  it.each([
    ['1.0.8', ['before', 'ends']],
    ['2.0.0', ['before', '::warning::w', 'ends', 'unfinished']],
  ])('on runner %s keeps of a step with stopped commands and an unfinished line %j', async (version, expected) => {
    const job = start(version);
    await job.execute(
      shell('echo before; echo ::stop-commands::t; echo ::warning::w; echo ::t::; echo ends; printf unfinished'),
    );
    expect(rows(job)).toEqual(expected);
  });

  it('is ended with everything it started when its Gitea stops', async () => {
    const other = await giteaUnderTest();
    const job = other.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    const folder = variable(job, 'HOME');
    const code = job.execute(shell('sleep 600 & sleep 600'));
    await other.gitea.stop();
    expect(await code).toBe(137);
    expect(existsSync(folder)).toBe(false);
  });
});
