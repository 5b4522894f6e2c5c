import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { bundleHelper } from '../../scripts/bundle-helper.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import { outputRows } from '../embedded/gitea/gitea-under-test.ts';

/** The embedded cloud with one repository, one runner, and the helper's bundle as jobs call it. */
export interface FetchWorld {
  readonly cloud: EmbeddedCloud;
  readonly runner: Principal;
  /** Folder of this world, removed with it. */
  readonly directory: string;
  /** Writes a fetch configuration. Returns its path. */
  configure(changes?: Readonly<Record<string, unknown>>): string;
  startJob(options?: { readonly runner?: string; readonly repository?: string }): RunningJob;
  /** Runs the helper in a job. Returns the exit code. */
  fetch(job: RunningJob, words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<number>;
  stop(): Promise<void>;
}

/** Builds the helper as `npm run build` does. Returns its path. */
export async function buildHelper(directory: string): Promise<string> {
  const helper = join(directory, 'keyturn-fetch.cjs');
  await bundleHelper('keyturn-fetch.cjs', helper);
  return helper;
}

/** Builds all three files of the action into one folder. Returns the paths of its step and its last step. */
export async function buildAction(directory: string): Promise<{ readonly main: string; readonly post: string }> {
  const [main, post] = [join(directory, 'main.mjs'), join(directory, 'post.mjs')];
  await Promise.all([bundleHelper('main.mjs', main), bundleHelper('post.mjs', post), buildHelper(directory)]);
  return { main, post };
}

export async function startFetchWorld(runnerVersion = '3.2.0'): Promise<FetchWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'fetch-world-'));
  const [cloud, helper] = await Promise.all([startEmbeddedCloud(), buildHelper(directory)]);
  const runner = cloud.identity.define({ name: 'runners-prod', kind: 'managed-identity', address: '203.0.113.7' });
  cloud.vault.grant(runner, ['get']);
  cloud.auditLog.setDelay(0);
  cloud.gitea.addRepository('shop/orders', { private: true });
  cloud.gitea.addRunner({ name: 'runner-1', labels: ['prod'], version: runnerVersion });
  let files = 0;
  const configure = (changes: Readonly<Record<string, unknown>> = {}) => {
    files += 1;
    const path = join(directory, `fetch-${String(files)}.json`);
    const configuration = {
      format: 1,
      gitea: cloud.gitea.url,
      vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
      identity: { kind: 'managed-identity', clientId: runner.clientId, endpoint: cloud.identity.url },
      ...changes,
    };
    writeFileSync(path, JSON.stringify(configuration));
    return path;
  };
  const configuration = configure();
  return {
    cloud,
    runner,
    directory,
    configure,
    startJob: (options = {}) =>
      cloud.gitea.startJob({
        repository: options.repository ?? 'shop/orders',
        name: 'deploy',
        runner: options.runner ?? 'runner-1',
      }),
    fetch: (job, words, environment = {}) =>
      job.execute([process.execPath, helper, ...words], {
        KEYTURN_FETCH_CONFIGURATION: configuration,
        ...environment,
      }),
    async stop() {
      await cloud.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The rows of a job's log, without Gitea's timestamps and the runner's echo of the command. */
export function rowsOf(world: FetchWorld, job: RunningJob): readonly string[] {
  const rows = world.cloud.gitea.logOf(job.job.jobId).split('\n');
  return outputRows(rows.map((row) => row.replace(/^\S+Z /, '')));
}
