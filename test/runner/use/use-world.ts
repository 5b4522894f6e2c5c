import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningJob } from '../../../embedded/gitea/embedded-gitea.ts';
import { buildHelper, type FetchWorld, startFetchWorld } from '../fetch-world.ts';
import { makesJails } from './jail-here.ts';
import { type LoopbackBroker, startLoopbackBroker } from './loopback-broker.ts';

/** Jobs that use secrets without holding them, through a broker of the contract. */
export interface UseWorld {
  readonly fetch: FetchWorld;
  readonly broker: LoopbackBroker;
  /** A folder that the command may write. */
  readonly workspace: string;
  /** Starts a server of this machine that stands for a host of the policy. */
  serve(host: string, listener: RequestListener): Promise<void>;
  startJob(): RunningJob;
  /** Runs `exec --use` in a job. Returns the exit code. */
  use(job: RunningJob, command: readonly string[], options?: UseOptions): Promise<number>;
  /** What the job's log holds. */
  logOf(job: RunningJob): string;
  stop(): Promise<void>;
}

interface UseOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** In place of one secret in TOKEN. */
  readonly words?: readonly string[];
  /** A script that runs the helper as "$@"; the helper alone if there is none. */
  readonly through?: string;
  /** Runs the helper where no further user namespace can be made, as in a container with the usual seccomp profile. */
  readonly withoutNamespaces?: boolean;
  /** Members of the identity in the runner's configuration. */
  readonly identity?: Readonly<Record<string, unknown>>;
}

/** A value that nothing else on this machine holds. */
export const secretValue = `kt-${'0123456789abcdef'.split('').toReversed().join('')}-never-in-the-jail`;

const noNamespaces = makesJails ? 'echo 0 >/proc/sys/user/max_user_namespaces' : ':';

export async function startUseWorld(): Promise<UseWorld> {
  const fetch = await startFetchWorld();
  const broker = await startLoopbackBroker({ token: secretValue, password: secretValue });
  const workspace = mkdtempSync(join(tmpdir(), 'use-workspace-'));
  const servers: (() => void)[] = [];
  const helper = await buildHelper(fetch.directory);
  const identity = { kind: 'broker' };
  const configured = new Map<string, string>();
  const configure = (changes: Readonly<Record<string, unknown>>): string => {
    const key = JSON.stringify(changes);
    const vaults = [{ name: fetch.cloud.vault.name }];
    const made =
      configured.get(key) ?? fetch.configure({ vaults, service: broker.url, identity: { ...identity, ...changes } });
    configured.set(key, made);
    return made;
  };
  mkdirSync(join(workspace, 'home'));
  return {
    fetch,
    broker,
    workspace,
    async serve(host, listener) {
      const server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      broker.serve(host, (server.address() as AddressInfo).port);
      servers.push(() => void server.close());
    },
    startJob: () => fetch.startJob(),
    async use(job, command, options = {}) {
      const { environment = {}, words = ['--secret', 'TOKEN=token'], through = 'exec "$@"' } = options;
      const { withoutNamespaces = false, identity: changes = {} } = options;
      const script = withoutNamespaces ? `${noNamespaces}; ${through}` : through;
      const wrapped = withoutNamespaces && makesJails ? ['unshare', '-Ur'] : [];
      const call = [process.execPath, helper, 'exec', '--use', ...words, '--', ...command];
      return await job.execute([...wrapped, 'bash', '-c', script, 'bash', ...call], {
        HOME: join(workspace, 'home'),
        KEYTURN_FETCH_CONFIGURATION: configure(changes),
        ...environment,
      });
    },
    logOf: (job) => fetch.cloud.gitea.logOf(job.job.jobId),
    async stop() {
      for (const stop of servers) stop();
      await broker.stop();
      await fetch.stop();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}
