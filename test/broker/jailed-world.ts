import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { httpsUpstream } from '../../src/upstream/https-upstream.ts';
import { buildHelper } from '../runner/fetch-world.ts';
import { type BrokerWorld, startBrokerWorld } from './broker-world.ts';
import { listeningBroker } from './listening-broker.ts';

/** Jobs whose commands are jailed and use secrets through the broker itself, at services that speak https. */
export interface JailedWorld extends Omit<BrokerWorld, 'stop'> {
  /** A folder that commands may write, with a home in it. */
  readonly workspace: string;
  /** `https://HOST:PORT` of a service. */
  urlOf(host: string): string;
  /** How a service answers from now on. */
  serve(host: string, listener: RequestListener): void;
  /** Runs `exec --use` in a job, with one secret in TOKEN. Returns the exit code. */
  use(job: RunningJob, command: readonly string[], options?: readonly string[]): Promise<number>;
  logOf(job: RunningJob): string;
  stop(): Promise<void>;
}

/** Where the value goes, by the name of the host. */
type Places = Readonly<Record<string, 'basic' | 'header:authorization'>>;

/** A value that nothing else on this machine holds. */
export const usedValue = `kt-${String(2 ** 40)}-never-in-the-jail`;

export async function startJailedWorld(places: Places): Promise<JailedWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'jailed-world-'));
  const workspace = join(directory, 'workspace');
  mkdirSync(join(workspace, 'home'), { recursive: true });
  const services = await startServices(Object.keys(places));
  const world = await startBrokerWorld({
    policyText: policyOf(places, services.ports),
    upstream: httpsUpstream({
      authority: services.authority,
      resolve: async () => await Promise.resolve(['127.0.0.1']),
    }),
    value: usedValue,
  });
  const broker = await listeningBroker(world);
  const helper = await buildHelper(directory);
  const configuration = join(directory, 'fetch.json');
  const identity = { kind: 'broker' };
  const vaults = [{ name: world.cloud.vault.name }];
  writeFileSync(
    configuration,
    JSON.stringify({ format: 1, service: broker.url, gitea: world.cloud.gitea.url, vaults, identity }),
  );
  return {
    ...world,
    workspace,
    urlOf: (host) => `https://${host}:${String(services.ports.get(host))}`,
    serve: (host, listener) => void services.listeners.set(host, listener),
    use: async (job, command, options = ['--secret', 'TOKEN=db-password']) =>
      await job.execute([process.execPath, helper, 'exec', '--use', ...options, '--', ...command], {
        HOME: join(workspace, 'home'),
        KEYTURN_FETCH_CONFIGURATION: configuration,
      }),
    logOf: (job) => world.cloud.gitea.logOf(job.job.jobId),
    async stop() {
      await broker.stop();
      await world.stop();
      services.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function policyOf(places: Places, ports: ReadonlyMap<string, number>): string {
  const uses = Object.entries(places).map(([host, place]) => {
    const methods = 'methods: [GET, HEAD, POST, PUT, DELETE]';
    return `      - { hosts: [${host}], port: ${String(ports.get(host))}, ${methods}, paths: ['/**'], place: '${place}', addresses: loopback }`;
  });
  return `format: 1
secrets:
  db-password:
    issuer: generated
    validity: 90d
    namespaces: [shop]
    delivery: use
    uses:
${uses.join('\n')}
  payments:
    issuer: generated
    validity: 90d
    namespaces: [shop]
    delivery: use
    access: { approval: required, uses: 5 }
    uses:
${uses.join('\n')}
namespaces:
  shop: { repositories: [shop/orders] }
`;
}

async function startServices(hosts: readonly string[]) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'services under test' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  });
  const listeners = new Map<string, RequestListener>();
  const ports = new Map<string, number>();
  const servers = await Promise.all(
    hosts.map(async (host) => {
      const server = createServer({ cert, key }, (request, response) => listeners.get(host)?.(request, response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ports.set(host, (server.address() as AddressInfo).port);
      return server;
    }),
  );
  const stop = () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  return { authority: cert, listeners, ports, stop };
}
