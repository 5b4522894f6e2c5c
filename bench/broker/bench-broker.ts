import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { bundleHelper } from '../../scripts/bundle-helper.ts';
import { encodeHead, useHeaders } from '../../src/provenance/use-exchange.ts';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { printTable } from '../print-table.ts';

/**
 * `npm run bench:broker`: a read through the broker beside a direct read, and a request that the broker makes in the place of a job
 * beside one that the job makes itself, each in turn in one run, as ratios of the medians; 50
 * jobs at once on two brokers over one store; and the memory of a broker over thousands of reads. Two brokers run in processes
 * of their own, with records in a folder, each entry flushed. Vault and Gitea are the embedded ones, in this process. Exit code
 * 1 if a budget is exceeded or a job got no value.
 */
const [rounds, reads] = [40, 3_000];
const directory = mkdtempSync(join(tmpdir(), 'bench-broker-'));
const cloud = await startEmbeddedCloud();
cloud.clock.run();
const { gitea, vault, identity } = cloud;
gitea.addUser({ name: 'keyturn', password: randomUUID(), administrator: true });
gitea.addRepository('bench/broker', { private: true });
gitea.addRunner({ name: 'runner-1', labels: [], version: '3.2.0' });
vault.seed({ name: 'database-password', value: 'the value of the bench 4711' });
const runner = identity.define({ name: 'runners', kind: 'managed-identity', address: '203.0.113.7' });
const broker = identity.define({ name: 'broker', kind: 'managed-identity', address: '203.0.113.9' });
for (const principal of [runner, broker]) vault.grant(principal, ['get'], 'database-password');

const records = join(directory, 'records');
mkdirSync(records, { mode: 0o700 });
const policy = join(directory, 'keyturn.policy.yml');
const upstream = await startUpstream();
writeFileSync(
  policy,
  `format: 1
secrets:
  database-password:
    issuer: generated
    validity: 90d
    namespaces: [bench]
    uses:
      - { hosts: [localhost], port: ${String(upstream.port)}, methods: [GET], paths: ['/v1/**'], place: 'header:authorization', addresses: loopback }
namespaces: { bench: { repositories: [bench/broker] } }
`,
);
const authorityFile = join(directory, 'authority.pem');
writeFileSync(authorityFile, upstream.authority);
const settings = {
  PATH: process.env['PATH'] ?? '',
  KEYTURN_EMBEDDED: 'on',
  KEYTURN_ROLE: 'broker',
  KEYTURN_VAULTS: `${vault.resourceId}=${vault.url}`,
  KEYTURN_GITEA_URL: gitea.url,
  KEYTURN_GITEA_TOKEN: gitea.seedToken('keyturn', 'broker', ['read:repository']),
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_IDENTITY_CLIENT_ID: broker.clientId,
  KEYTURN_IDENTITY_ENDPOINT: identity.url,
  KEYTURN_DATA: records,
  KEYTURN_POLICY: policy,
  NODE_EXTRA_CA_CERTS: authorityFile,
};
/** How long a service takes for an answer: one at once, so that all that the broker adds is seen, and one as services are. */
const upstreamMs = [0, 50] as const;
const directAgent = new Agent({ keepAlive: true, ca: upstream.authority });
const workers = await Promise.all([startWorker(), startWorker()]);
const [first, second] = workers.map(({ url }) => url);
const broken: string[] = [];
try {
  console.log(`Node ${process.version}, ${String(cpus().length)} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}.\n`);
  await compareExec();
  await compareRaw();
  await compareUses();
  await manyJobs();
  await holdMemory();
  console.log(broken.length === 0 ? '\nEvery budget holds.' : `\nBroken: ${broken.join('; ')}`);
} finally {
  upstream.child.disconnect();
  for (const { child } of workers) child.disconnect();
  for (const { child } of workers) if (child.exitCode === null) await once(child, 'exit');
  await cloud.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(broken.length === 0 ? 0 : 1);

/** A whole `keyturn-fetch exec`, cold, as a step of a job pays for it: the direct one asks for a token and for the value. */
async function compareExec(): Promise<void> {
  const helper = join(directory, 'keyturn-fetch.cjs');
  await bundleHelper('keyturn-fetch.cjs', helper);
  const common = { format: 1, gitea: gitea.url };
  const vaults = [{ name: vault.name, url: vault.url }];
  const managed = { kind: 'managed-identity', clientId: runner.clientId, endpoint: identity.url };
  const ways = {
    direct: writeConfiguration('direct.json', { ...common, vaults, identity: managed }),
    brokered: writeConfiguration('broker.json', {
      ...common,
      service: first,
      vaults: [{ name: vault.name }],
      identity: { kind: 'broker' },
    }),
  };
  const job = startJob();
  const times: Record<keyof typeof ways, number[]> = { direct: [], brokered: [] };
  for (let round = 0; round < rounds; round += 1) {
    // In turn, so that whatever else the machine does meets both.
    for (const way of ['direct', 'brokered'] as const) {
      const environment = { ...job.environment, KEYTURN_FETCH_CONFIGURATION: ways[way] };
      const words = [helper, 'exec', '--secret', 'VALUE=database-password', '--', '/bin/true'];
      const started = performance.now();
      const child = spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
      const [code] = (await once(child, 'exit')) as [number];
      if (code !== 0) throw new Error(`${way} exec ended with ${String(code)}`);
      // The first pair warms the broker and the vault.
      if (round > 0) times[way].push(performance.now() - started);
    }
  }
  job.finish();
  show('keyturn-fetch exec, one secret, cold', times.direct, times.brokered, 1.3);
}

/** The bare requests on connections that are open already. */
async function compareRaw(): Promise<void> {
  const token = await directToken();
  const job = await openJob(first ?? '');
  const times = { direct: [] as number[], brokered: [] as number[] };
  for (let round = 0; round < 150; round += 1) {
    const started = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${vault.url}/secrets/database-password?api-version=7.5`, { headers });
    await answer.text();
    if (answer.status !== 200) throw new Error(`the vault answered ${String(answer.status)}`);
    const between = performance.now();
    if ((await job.read()) !== 200) throw new Error('the broker gave no value');
    if (round < 10) continue;
    times.direct.push(between - started);
    times.brokered.push(performance.now() - between);
  }
  job.end();
  show('one request on an open connection', times.direct, times.brokered, null);
}

/**
 * A request with a token that the job has, over https, beside one that the broker makes with a token that it has not. The helper's part,
 * which ends the command's TLS on the same machine, is not in it.
 */
async function compareUses(): Promise<void> {
  const budgets = { new: 1.5, kept: 2 } as const;
  const job = await openJob(first ?? '');
  const placeholder = await job.placeholder();
  for (const kind of ['new', 'kept'] as const) {
    for (const ms of upstreamMs) {
      const url = `https://localhost:${String(upstream.port)}/v1/${kind}/${String(ms)}`;
      const times = { direct: [] as number[], brokered: [] as number[] };
      for (let round = 0; round < 70; round += 1) {
        const started = performance.now();
        await directRequest(url);
        const between = performance.now();
        await job.use(url, placeholder);
        if (round < 10) continue;
        times.direct.push(between - started);
        times.brokered.push(performance.now() - between);
      }
      const what = kind === 'new' ? 'a new TLS connection' : 'a connection that is kept';
      show(
        `one request over ${what}, answered after ${String(ms)} ms`,
        times.direct,
        times.brokered,
        ms === 0 ? null : budgets[kind],
      );
    }
  }
  job.end();
  console.log(
    `\nEach use flushes four times: two entries, each a file and its folder. One flush here took ${flushMs().toFixed(1)} ms (p50).`,
  );
}

/** What one flush costs on the disk that has the records. */
function flushMs(): number {
  const path = join(directory, 'flushed');
  const times = Array.from({ length: 40 }, () => {
    const started = performance.now();
    const file = openSync(path, 'w');
    writeSync(file, 'x');
    fsyncSync(file);
    closeSync(file);
    return performance.now() - started;
  });
  return median(times);
}

async function directRequest(url: string): Promise<void> {
  const sent = request(url, { agent: directAgent, headers: { authorization: 'Bearer the value of the bench 4711' } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`the service answered ${String(answer.statusCode)}`);
}

/** Fifty jobs open a session and read at once, half of them at each broker. */
async function manyJobs(): Promise<void> {
  const started = performance.now();
  const took = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const begun = performance.now();
      const job = await openJob((index % 2 === 0 ? first : second) ?? '');
      if ((await job.read()) !== 200) broken.push(`job ${String(index)} of 50 at once got no value`);
      job.end();
      return performance.now() - begun;
    }),
  );
  const whole = performance.now() - started;
  console.log(
    `\n50 jobs at once on two brokers over one store: all done in ${whole.toFixed(0)} ms; session and read took ${median(took).toFixed(0)} ms (p50), ${Math.max(...took).toFixed(0)} ms at most`,
  );
}

/** Memory of the first broker after a third of the reads and after all of them. */
async function holdMemory(): Promise<void> {
  const resident: number[] = [];
  for (let done = 0; done < reads; ) {
    const jobs = await Promise.all(Array.from({ length: 5 }, async () => await openJob(first ?? '')));
    for (let each = 0; each < 20; each += 1) {
      const statuses = await Promise.all(jobs.map(async (job) => await job.read()));
      if (statuses.some((status) => status !== 200)) throw new Error('the broker gave no value');
      done += jobs.length;
    }
    for (const job of jobs) job.end();
    if (done % 500 === 0) resident.push(await residentMb());
  }
  const [early = 0, late = 0] = [resident[1], resident.at(-1)];
  console.log(`\nResident memory of a broker: ${resident.map((each) => each.toFixed(0)).join(', ')} MB each 500 reads`);
  budget(`memory over ${String(reads)} reads, at most 1.25 × that after 1,000`, late / early, 1.25);
}

function show(what: string, direct: readonly number[], brokered: readonly number[], most: number | null): void {
  const figures = (times: readonly number[]) => [
    `${median(times).toFixed(1)} ms`,
    `${percentile(times, 0.95).toFixed(1)} ms`,
  ];
  const ratio = median(brokered) / median(direct);
  console.log('');
  printTable(
    [what, 'p50', 'p95'],
    [
      ['direct', ...figures(direct)],
      ['through the broker', ...figures(brokered)],
    ],
  );
  if (most === null) console.log(`ratio of the medians: ${ratio.toFixed(2)}`);
  else budget(`${what}: through the broker at most ${String(most)} × direct (p50)`, ratio, most);
}

function budget(what: string, ratio: number, most: number): void {
  console.log(`${ratio <= most ? 'holds ' : 'BROKEN'} ${ratio.toFixed(2)}: ${what}`);
  if (ratio > most) broken.push(what);
}

function startJob(): RunningJob {
  return gitea.startJob({ repository: 'bench/broker', name: 'bench', runner: 'runner-1' });
}

interface OpenJob {
  /** Reads once and returns the status. */
  read(): Promise<number>;
  placeholder(): Promise<string>;
  /** Has one request made with the placeholder. */
  use(url: string, placeholder: string): Promise<void>;
  end(): void;
}

async function openJob(url: string): Promise<OpenJob> {
  const [job, key] = [startJob(), makeJobKey()];
  async function send(path: string, content: object, headers: Readonly<Record<string, string>> = {}) {
    const body = JSON.stringify(content);
    const dpop = proveRequest(key, { method: 'POST', url: `${url}${path}`, body, at: new Date(), id: randomUUID() });
    const all = { 'content-type': 'application/json', dpop, ...headers };
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers: all, body });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  const authorization = `Bearer ${job.environment['ACTIONS_RUNTIME_TOKEN'] ?? ''}`;
  const opened = await send('/broker/sessions', { repository: 'bench/broker' }, { authorization });
  if (opened.status !== 200) throw new Error(`no session: ${JSON.stringify(opened.body)}`);
  const asked = { session: opened.body['session'], vault: vault.name, name: 'database-password', version: null };
  const session = String(opened.body['session']);
  return {
    read: async () => (await send('/broker/reads', asked)).status,
    async placeholder() {
      const wanted = { session, secrets: [`${vault.name}/database-password`], jail: 'namespaces' };
      const { body } = await send('/broker/uses/placeholders', wanted);
      const [one] = body['placeholders'] as readonly { readonly placeholder: string }[];
      return one?.placeholder ?? '';
    },
    async use(target, placeholder) {
      const headers = [['authorization', `Bearer ${placeholder}`]] as const;
      const text = encodeHead({ method: 'GET', url: target, headers, length: 0 });
      const to = `${url}/broker/uses`;
      const dpop = proveRequest(key, { method: 'POST', url: to, body: text, at: new Date(), id: randomUUID() });
      const all = { dpop, [useHeaders.session]: session, [useHeaders.request]: text };
      const answer = await fetch(to, { method: 'POST', headers: all });
      const content = await answer.text();
      if (answer.headers.get(useHeaders.answer) === null) throw new Error(`no use: ${content}`);
    },
    end: () => void job.finish(),
  };
}

async function directToken(): Promise<string> {
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: 'https://vault.azure.net',
    client_id: runner.clientId,
  });
  const answer = await fetch(`${identity.url}/metadata/identity/oauth2/token?${query.toString()}`, {
    headers: { metadata: 'true' },
  });
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

function writeConfiguration(name: string, content: object): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

async function startUpstream(): Promise<{
  readonly child: ChildProcess;
  readonly port: number;
  readonly authority: string;
}> {
  const child = fork(fileURLToPath(new URL('upstream-worker.ts', import.meta.url)));
  const [message] = (await once(child, 'message')) as [{ readonly port: number; readonly authority: string }];
  return { child, ...message };
}

async function startWorker(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const file = fileURLToPath(new URL('broker-worker.ts', import.meta.url));
  const child = fork(file, { env: settings, execArgv: [...process.execArgv, '--expose-gc'] });
  const [message] = (await once(child, 'message')) as [{ readonly url: string }];
  return { child, url: message.url };
}

async function residentMb(): Promise<number> {
  const child = workers[0]?.child;
  if (child === undefined) return 0;
  child.send('memory');
  const [message] = (await once(child, 'message')) as [{ readonly residentBytes: number }];
  return message.residentBytes / 2 ** 20;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
