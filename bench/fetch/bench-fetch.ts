import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildBinary, putBlobInNode } from '../../scripts/build-binary.ts';
import { bundleHelper, bundleProgram } from '../../scripts/bundle-helper.ts';
import { packageHelper } from '../../scripts/package-helper.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { bundleOfLines, pemOf, type RedactionCase, redactionCases } from './redaction-cases.ts';
import { searchSpeed } from './search-speed.ts';

/**
 * `npm run bench:fetch`: measures the fetch helper, each figure side by side with its baseline in the same run, as
 * ratios. To run one part: `bench-fetch.ts cold-start|ladder|throughput|memory`; `throughput TEXT` takes the cases whose names
 * contain TEXT. Budgets: docs/fetch.md. Exit code 1 if a budget is exceeded. The embedded cloud runs in this process.
 * `--first`, as root: what is measured runs before every other program of the machine, so that a busy one tells as much as
 * a quiet one. Nothing else runs meanwhile.
 */
const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { first: { type: 'boolean' } } });
const [only, text = ''] = positionals;
/**
 * By the scheduler's own order of real-time programs; and with an empty `/dev/shm`, as a job has it, which each start looks
 * through for what an earlier one left.
 */
const emptied = 'mount -t tmpfs tmpfs /dev/shm && exec "$0" "$@"';
const before = options.first === true ? ['unshare', '--mount', 'sh', '-c', emptied, 'chrt', '--fifo', '10'] : [];
const directory = mkdtempSync(join(tmpdir(), 'bench-fetch-'));
const cloud = await startEmbeddedCloud();
const runner = cloud.identity.define({ name: 'runners', kind: 'managed-identity', address: '203.0.113.7' });
cloud.vault.grant(runner, ['get']);
cloud.gitea.addRepository('bench/fetch', { private: true });
cloud.gitea.addRunner({ name: 'runner-1', labels: [], version: '3.2.0' });
const job = cloud.gitea.startJob({ repository: 'bench/fetch', name: 'bench', runner: 'runner-1' });
const names = Array.from({ length: 40 }, (_, index) => `bench-secret-${String(index)}`);
names.forEach((name, index) =>
  cloud.vault.seed({ name, value: Buffer.from(`value ${String(index * 7919)} of ${name}`).toString('base64') }),
);
const configuration = join(directory, 'fetch.json');
writeFileSync(
  configuration,
  JSON.stringify({
    format: 1,
    gitea: cloud.gitea.url,
    vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
    identity: { kind: 'managed-identity', clientId: runner.clientId, endpoint: cloud.identity.url },
  }),
);
const environment = { ...job.environment, KEYTURN_FETCH_CONFIGURATION: configuration };
const node = process.execPath;
/** As the package installs it: with V8's cache of its code. The action's bundle is one file without a cache. */
const installed = join(directory, 'package');
const helper = join(installed, 'keyturn-fetch.cjs');
await packageHelper(installed);
const bundle = join(directory, 'keyturn-fetch.cjs');
await bundleHelper('keyturn-fetch.cjs', bundle);
const exec = (count: number) => [
  'exec',
  ...names.slice(0, count).flatMap((name, index) => ['--secret', `S${String(index)}=${name}`]),
  '--',
];

const broken: string[] = [];
try {
  console.log(`Node ${process.version}, ${String(cpus().length)} cores. Ratios compare figures of one run.\n`);
  for (const [name, measure] of Object.entries({ 'cold-start': coldStart, ladder, throughput, memory })) {
    if (only === undefined || only === name) await measure();
  }
  console.log(broken.length === 0 ? '\nEvery budget holds.' : `\nBroken: ${broken.join('; ')}`);
} finally {
  await cloud.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(broken.length === 0 ? 0 : 1);

async function coldStart(): Promise<void> {
  const budgets = { 'the package, 1 secret': 2.2, 'the binary, 1 secret': 1.9 };
  const pem = seed('pem', [pemOf(4_000)]);
  const sdk = join(process.cwd(), 'bench', 'fetch', 'read-with-sdk.ts');
  const bare = await bundleBare('bare-client');
  const bareExec = await bundleBare('bare-exec');
  const binary =
    process.platform === 'linux' ? await buildBinary(process.arch === 'arm64' ? 'arm64' : 'x64', directory) : null;
  const bareBinary = binary === null ? null : buildBareBinary(bareExec);
  const hasAz = spawnSync('az', ['--version'], { stdio: 'ignore' }).error === undefined;
  const ways: Readonly<Record<string, readonly string[]>> = {
    'node -e 0': [node, '-e', '0'],
    // The floors: what any client in Node pays for the same two requests, and with one digest, a guardian and a command.
    'floor: 2 requests': [node, bare, ...names.slice(0, 1)],
    'floor: exec': [node, bareExec, ...names.slice(0, 1), '/bin/true'],
    ...(bareBinary === null ? {} : { 'floor: exec, a binary': [bareBinary, ...names.slice(0, 1), '/bin/true'] }),
    'the package, 1 secret': [node, helper, ...exec(1), '/bin/true'],
    'the package, a PEM of 4 KB': [node, helper, 'exec', ...pem, '--', '/bin/true'],
    'the package, 20 secrets': [node, helper, ...exec(20), '/bin/true'],
    // The search is made at the first line of output, which a command that prints nothing never waits for.
    '1 secret, and a line': [node, helper, ...exec(1), '/bin/echo', 'started'],
    'a PEM of 4 KB, and a line': [node, helper, 'exec', ...pem, '--', '/bin/echo', 'started'],
    '20 secrets, and a line': [node, helper, ...exec(20), '/bin/echo', 'started'],
    'without a cache, 1 secret': [node, bundle, ...exec(1), '/bin/true'],
    ...(binary === null ? {} : { 'the binary, 1 secret': [binary, ...exec(1), '/bin/true'] }),
    'the SDK unbundled, 1 secret': [node, sdk, ...names.slice(0, 1)],
    ...(hasAz ? { 'az --version': ['az', '--version'] } : {}),
  };
  // The slow ones are there to compare with; a few runs tell enough.
  const runs = await costsInTurn(ways, (way) => (/SDK|^az/.test(way) ? 5 : 25));
  const plain = runs.get('node -e 0') ?? [];
  /** The median of each run's multiple of the `node -e 0` of the same round. */
  const multiple = (way: string, base: readonly Cost[] = plain, of: keyof Cost = 'processor') =>
    median((runs.get(way) ?? []).map((cost, round) => cost[of] / (base[round]?.[of] ?? Number.NaN)));
  console.log(
    'Cold start, child /bin/true: processor time of helper and child, and time on the clock, each as a multiple',
  );
  console.log('of node -e 0 (median of pairs) and in ms (the least of all runs)');
  for (const [way, costs] of runs) {
    const figures = (['processor', 'clock'] as const).flatMap((of) => [
      `${multiple(way, plain, of).toFixed(2)} ×`,
      `${minimum(costs.map((cost) => cost[of])).toFixed(0)} ms`,
    ]);
    console.log(`  ${way.padEnd(28)} ${figures.map((figure) => figure.padStart(10)).join('')}`);
  }
  if (!hasAz) console.log('  az is not installed here, so it is not compared');
  console.log('  floor: exec is what Node itself takes for two requests, a digest, the guardian and the command');
  for (const [way, most] of Object.entries(budgets)) {
    if (runs.has(way)) budget(`${way} cold, at most ${String(most)} × node -e 0`, multiple(way), most);
  }
  const ofPem = multiple('the package, a PEM of 4 KB', runs.get('the package, 1 secret'));
  budget('a PEM, at most 1.15 × a password', ofPem, 1.15);
}

/** What each part of a cold start costs, one after another: each rung does what the one before does, and one thing more. */
async function ladder(): Promise<void> {
  const rungs = {
    'node -e 0': null,
    'and modules of Node': 'modules',
    'and two requests': 'requests',
    'and a digest, guardian, command': 'command',
    'and call, configuration, checks': 'configuration',
    'and stamp, read, receipt': 'receipt',
  };
  const ways: Record<string, readonly string[]> = {};
  for (const [way, rung] of Object.entries(rungs)) {
    const outfile = join(directory, `${rung ?? ''}.cjs`);
    if (rung !== null) await bundleProgram(`bench/fetch/ladder/${rung}.ts`, outfile);
    const isLow = rung === 'modules' || rung === 'requests' || rung === 'command';
    const words = isLow ? [...names.slice(0, 1), '/bin/true'] : [...exec(1), '/bin/true'];
    ways[way] = rung === null ? [node, '-e', '0'] : [node, outfile, ...words];
  }
  ways['and redaction: without a cache'] = [node, bundle, ...exec(1), '/bin/true'];
  ways["and V8's cache: the package"] = [node, helper, ...exec(1), '/bin/true'];
  const runs = await costsInTurn(ways, () => 40);
  const plain = runs.get('node -e 0') ?? [];
  console.log(
    '\nThe ladder of a cold start: processor time as a multiple of node -e 0 (median of pairs), and each rung by itself',
  );
  let before = 0;
  for (const [way, costs] of runs) {
    const height = median(costs.map(({ processor }, round) => processor / (plain[round]?.processor ?? Number.NaN)));
    console.log(`  ${way.padEnd(34)} ${height.toFixed(2).padStart(6)} ${(height - before).toFixed(2).padStart(6)}`);
    before = height;
  }
}

/** What each way costs, so many times. In turn, so that whatever else the machine does meets all of them. */
async function costsInTurn(
  ways: Readonly<Record<string, readonly string[]>>,
  timesOf: (way: string) => number,
): Promise<ReadonlyMap<string, Cost[]>> {
  const runs = new Map<string, Cost[]>(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < Math.max(...Object.keys(ways).map(timesOf)); round += 1) {
    for (const [way, command] of Object.entries(ways)) {
      if (round < timesOf(way)) runs.get(way)?.push(await costOf(command));
    }
  }
  return runs;
}

/** Bundles one of the floors, as the helper is bundled. */
async function bundleBare(name: 'bare-client' | 'bare-exec'): Promise<string> {
  const outfile = join(directory, `${name}.cjs`);
  const entryPoints = [join(process.cwd(), 'bench', 'fetch', `${name}.ts`)];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', minify: true });
  return outfile;
}

/** A single executable of a bundle, with Node's own code cache. */
function buildBareBinary(main: string): string {
  const [configuration, blob, binary] = ['bare.json', 'bare.blob', 'bare'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const how = { disableExperimentalSEAWarning: true, useCodeCache: true };
  writeFileSync(configuration, JSON.stringify({ main, output: blob, ...how }));
  execFileSync(node, ['--experimental-sea-config', configuration], { stdio: 'ignore' });
  putBlobInNode(blob, node, binary);
  return binary;
}

/** What one run took, in milliseconds. */
interface Cost {
  readonly clock: number;
  /** Of the program and everything that it waited for. On a busy machine it tells more than the clock. */
  readonly processor: number;
}

/** Bash measures to the millisecond what Node cannot: the processor time of one child. */
async function costOf(command: readonly string[]): Promise<Cost> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1';
  const child = start([...before, 'bash', '-c', script, 'bash', ...command], ['ignore', 'ignore', 'pipe']);
  let told = '';
  child.stderr?.on('data', (part: Buffer) => (told += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.slice(0, 3).join(' ')} ended with ${String(code)}`);
  const [clock = Number.NaN, user = Number.NaN, system = Number.NaN] = told.trim().split(' ').map(Number);
  return { clock: clock * 1000, processor: (user + system) * 1000 };
}

/** One way for a text through the pipes, and its start, which is not counted. */
interface Way {
  readonly script: string;
  readonly start: readonly string[] | null;
}

async function throughput(): Promise<void> {
  console.log(
    '\nRedaction, start-up not counted: speed; share of a plain pipe by the clock (the least of all runs), and in',
  );
  console.log('processor time of all programs of the pipe (the median of pairs)');
  for (const [number, each] of redactionCases.entries()) {
    const { name, megabytes, least } = each;
    if (!name.includes(text)) continue;
    const runs = await runInTurn(waysOf(each, number));
    const plain = runs.get('cat through the same pipes')?.costs ?? [];
    console.log(`  ${name}, ${String(megabytes)} MB`);
    for (const [way, { costs, starts }] of runs) {
      const { speed, share, processorShare } = comparison(costs, starts, plain, megabytes);
      const figures = [`${speed.toFixed(0).padStart(5)} MB/s`, share.toFixed(2), processorShare.toFixed(2)];
      console.log(`    ${way.padEnd(28)} ${figures.map((figure) => figure.padStart(10)).join('')}`);
      if (way !== 'keyturn-fetch') continue;
      if ('share' in least) budget(`${name}, at least ${String(least.share)} of a plain pipe`, least.share, share);
      else budget(`${name}, at least ${String(least.speed)} MB/s`, least.speed, speed);
    }
    const searched = (await searchSpeed(each)).toFixed(0).padStart(5);
    console.log(`    ${'the search alone'.padEnd(28)} ${searched} MB per second of processor time`);
  }
}

/** The first case is compared with a naive implementation, and with what moves the same bytes and looks for nothing. */
function waysOf({ secrets, text: line, megabytes }: RedactionCase, number: number): ReadonlyMap<string, Way> {
  const file = join(directory, 'text');
  const block = 4_194_304;
  writeFileSync(file, line.repeat(Math.ceil(block / Buffer.byteLength(line))));
  const source = `for i in $(seq ${String(megabytes / 4)}); do head -c ${String(block)} ${file}; done`;
  const words = ['exec', '--no-masks', ...seed(`case-${String(number)}`, secrets), '--'];
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const through = (program: string): Way => ({
    script: `sh -c '${source}' | ${program} | cat > /dev/null`,
    // With one line of output, for which a search is made.
    start: ['/bin/sh', '-c', `echo started | ${program} | cat > /dev/null`],
  });
  const program = (name: string) => `${node} ${join(process.cwd(), 'bench', 'fetch', name)}`;
  const ways = new Map<string, Way>([
    ['cat through the same pipes', { ...through('cat'), start: null }],
    [
      'keyturn-fetch',
      {
        script: `${node} ${helper} ${quoted} sh -c '${source}' | cat > /dev/null`,
        start: [node, helper, ...words, '/bin/echo', 'started'],
      },
    ],
  ]);
  if (number > 0) return ways;
  return ways
    .set('floor: looking for nothing', through(program('bare-pump.ts')))
    .set('floor: and blocking', through(`${program('bare-pump.ts')} blocking`))
    .set('the same search, blocking', through(`${program('bare-pump.ts')} searching`))
    .set('a naive replace-all', through(program('replace-all.ts')));
}

/** What five runs and five starts of each way cost. In turn, so that whatever else the machine does meets all of them. */
async function runInTurn(
  ways: ReadonlyMap<string, Way>,
): Promise<ReadonlyMap<string, { costs: Cost[]; starts: Cost[] }>> {
  const runs = new Map([...ways.keys()].map((way) => [way, { costs: [] as Cost[], starts: [] as Cost[] }]));
  for (let round = 0; round < 5; round += 1) {
    for (const [way, { script, start: begin }] of ways) {
      runs.get(way)?.costs.push(await costOf(['/bin/sh', '-c', script]));
      if (begin !== null) runs.get(way)?.starts.push(await costOf(begin));
    }
  }
  return runs;
}

/**
 * How some runs compare with those of a plain pipe, their starts not counted: by the clock, of which the least of all
 * runs tells most on a busy machine; and in processor time of all programs of the pipe, the median of pairs.
 */
function comparison(costs: readonly Cost[], starts: readonly Cost[], plain: readonly Cost[], megabytes: number) {
  const leastOf = (some: readonly Cost[]) => (some.length === 0 ? 0 : minimum(some.map(({ clock }) => clock)));
  const clock = leastOf(costs) - leastOf(starts);
  const processorShares = costs.map(
    ({ processor }, round) => (plain[round]?.processor ?? Number.NaN) / (processor - (starts[round]?.processor ?? 0)),
  );
  return {
    speed: (megabytes / clock) * 1000,
    share: leastOf(plain) / clock,
    processorShare: median(processorShares),
  };
}

/** Puts values into the vault; returns the options of `exec` that ask for them. */
function seed(prefix: string, values: readonly string[]): readonly string[] {
  return values.flatMap((value, index) => {
    const name = `${prefix}-${String(index)}`;
    cloud.vault.seed({ name, value });
    return ['--secret', `S${String(index)}=${name}`];
  });
}

async function memory(): Promise<void> {
  const large = seed(
    'large',
    Array.from({ length: 10 }, () => bundleOfLines(25_000)),
  );
  const ways: Readonly<Record<string, readonly string[]>> = {
    '40 secrets, 2 GiB of output': [...exec(40), 'sh', '-c', 'head -c 2G /dev/zero'],
    '10 values of 25 KB, 64 MiB of base64': ['exec', ...large, '--', 'sh', '-c', 'head -c 48M /dev/urandom | base64'],
  };
  console.log('\nMemory, resident at most');
  for (const [way, words] of Object.entries(ways)) {
    const child = start([node, helper, ...words], ['ignore', 'pipe', 'ignore']);
    child.stdout?.resume();
    let highest = 0;
    const watch = setInterval(() => {
      const status = readStatus(child.pid ?? 0);
      highest = Math.max(highest, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    }, 100);
    await once(child, 'exit');
    clearInterval(watch);
    console.log(`  ${way.padEnd(38)} ${highest.toFixed(0).padStart(4)} MB`);
    budget(`${way}, at most 150 MB`, highest, 150);
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  } catch {
    // It ended between two samples.
    return '';
  }
}

function start([file = '', ...words]: readonly string[], stdio: ('ignore' | 'pipe')[]): ChildProcess {
  const reads = { BENCH_VAULT: cloud.vault.url, BENCH_IDENTITY: cloud.identity.url, BENCH_CLIENT: runner.clientId };
  const values = { BENCH_VALUES: JSON.stringify(cloud.vault.everyValue().slice(0, 40)) };
  return spawn(file, words, { env: { ...environment, ...reads, ...values }, stdio, detached: true });
}

function budget(what: string, is: number, most: number): void {
  if (is > most) broken.push(`${what}: ${is.toFixed(2)} against ${most.toFixed(2)}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function minimum(values: readonly number[]): number {
  return Math.min(...values);
}
