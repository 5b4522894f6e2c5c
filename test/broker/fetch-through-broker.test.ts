import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { buildAction, buildHelper } from '../runner/fetch-world.ts';
import { type BrokerWorld, startBrokerWorld, value } from './broker-world.ts';
import { listeningBroker } from './listening-broker.ts';

let world: BrokerWorld;
let helper: string;
let post: string;
let directory: string;
let configuration: string;
const stops: (() => Promise<void>)[] = [];
/** Keys of other tests and of other Giteas may lie beside; each test looks at its own job's. */
const keysOf = ({ job }: RunningJob) =>
  readdirSync('/dev/shm').filter((name) =>
    name.startsWith(`keyturn-key-${world.tools.jobs.instance}-${String(job.taskId)}`),
  );

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fetch-through-broker-'));
  world = await startBrokerWorld();
  const broker = await listeningBroker(world);
  stops.push(
    async () => await broker.stop(),
    async () => await world.stop(),
  );
  helper = await buildHelper(directory);
  ({ post } = await buildAction(directory));
  configuration = join(directory, 'fetch.json');
  const vaults = [{ name: world.cloud.vault.name }];
  const written = {
    format: 1,
    service: broker.url,
    gitea: world.cloud.gitea.url,
    vaults,
    identity: { kind: 'broker' },
  };
  writeFileSync(configuration, JSON.stringify(written));
});
afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(directory, { recursive: true, force: true });
});

const run = async (job: RunningJob, words: readonly string[], program = helper) =>
  await job.execute([process.execPath, program, ...words], { KEYTURN_FETCH_CONFIGURATION: configuration });
const exec = async (job: RunningJob, ...command: readonly string[]) =>
  await run(job, ['exec', '--secret', 'PASSWORD=db-password', '--', ...command]);
const logOf = (job: RunningJob) => world.cloud.gitea.logOf(job.job.jobId);
const history = async () => await readBrokerHistory(world.records, { from: new Date(0), to: new Date(4e12) });

describe('keyturn-fetch with a broker', () => {
  it('gives a command its secret, though the runner has no identity in Azure, and redacts it', async () => {
    const job = world.startJob();
    expect(await exec(job, 'sh', '-c', 'echo "it is $PASSWORD."; test -n "$PASSWORD"')).toBe(0);
    expect(logOf(job)).toContain('it is ***.');
    expect(logOf(job)).not.toContain(value);
  });

  it('uses one key in three steps, one of them killed, and leaves no finding and no key behind', async () => {
    const job = world.startJob();
    expect(await exec(job, 'true')).toBe(0);
    expect(await exec(job, 'sh', '-c', 'kill -9 $PPID; sleep 0.2')).not.toBe(0);
    expect(await exec(job, 'true')).toBe(0);
    expect(keysOf(job)).toHaveLength(1);
    expect(await run(job, [], post)).toBe(0);
    expect(keysOf(job)).toEqual([]);
    const { reads, secondKeys } = await history();
    expect(reads.filter((read) => read.job.jobId === job.job.jobId)).toHaveLength(3);
    expect(secondKeys.filter((one) => one.job.jobId === job.job.jobId)).toEqual([]);
  });

  it('uses one key in steps that begin at once', async () => {
    const job = world.startJob();
    const codes = await Promise.all([exec(job, 'true'), exec(job, 'true'), exec(job, 'true')]);
    expect(codes).toEqual([0, 0, 0]);
    expect((await history()).secondKeys.filter((one) => one.job.jobId === job.job.jobId)).toEqual([]);
  });

  it('refuses in a step whose container does not see the key, and the session of the job goes on', async () => {
    const job = world.startJob();
    expect(await exec(job, 'true')).toBe(0);
    const [name = ''] = keysOf(job);
    const elsewhere = mkdtempSync('/dev/shm/another-container-');
    stops.push(async () => await Promise.resolve(rmSync(elsewhere, { recursive: true })));
    const other = join(directory, 'other-container.json');
    const whole = { format: 1, service: 'http://127.0.0.1:9', gitea: world.cloud.gitea.url, vaults: [{ name: 'kv' }] };
    writeFileSync(other, JSON.stringify({ ...whole, identity: { kind: 'broker', keys: elsewhere } }));
    const words = ['exec', '--secret', 'PASSWORD=db-password', '--', 'true'];
    expect(await job.execute([process.execPath, helper, ...words], { KEYTURN_FETCH_CONFIGURATION: other })).toBe(94);
    expect(logOf(job)).toContain('mount the folder of keys');
    expect(existsSync(join('/dev/shm', name))).toBe(true);
    expect(await exec(job, 'true')).toBe(0);
  });

  it('says why a secret is refused, and what would change it', async () => {
    const job = world.startJob({ workflow: 'other.yml' });
    expect(await run(job, ['exec', '--secret', 'KEY=deploy-key', '--', 'true'])).toBe(90);
    expect(logOf(job)).toContain('its workflows are deploy.yml');
    expect(await run(job, ['exec', '--secret', 'KEY=unbound', '--', 'true'])).toBe(90);
    expect(logOf(job)).toContain('Add it to keyturn.policy.yml');
  });

  it('is told of by doctor', async () => {
    const job = world.startJob();
    expect(await run(job, ['doctor', '--secret', 'db-password'])).toBe(0);
    expect(logOf(job)).toContain('Gitea confirms this job');
    expect(await run(job, ['doctor', '--secret', 'nobody'])).toBe(1);
  });
});
