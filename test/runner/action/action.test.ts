import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RunningJob } from '../../../embedded/gitea/embedded-gitea.ts';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { processSpace } from '../../../src/runner/delivery/memory-file.ts';
import { pathInSharedMemory } from '../shared-memory.ts';
import { buildAction, type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

const password = 'swordfish-swordfish';
let world: FetchWorld;
let action: Awaited<ReturnType<typeof buildAction>>;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: password });
  const folder = join(world.directory, 'action');
  mkdirSync(folder);
  action = await buildAction(folder);
});
afterAll(() => world.stop());

/** Runs a step like a runner: `node FILE`, with its inputs as variables. */
async function step(job: RunningJob, file: string, inputs: Readonly<Record<string, string>> = {}): Promise<number> {
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return await job.execute([process.execPath, file], {
    ...(Object.fromEntries(variables) as Record<string, string>),
    GITHUB_STATE: join(world.directory, 'state'),
    KEYTURN_FETCH_CONFIGURATION: world.configure(),
  });
}

describe('the action, run as a runner runs it', () => {
  it("passes secrets to its script, masks and redacts them, and exits with the script's code", async () => {
    const job = world.startJob();
    const run = `echo "it is $P"\ntest "$P" = ${password} && exit 9`;
    expect(await step(job, action.main, { secrets: 'P=password\n', options: '--wait 5m\n--no-commands', run })).toBe(9);
    const rows = rowsOf(world, job);
    expect(rows).toContain('it is ***');
    expect(rows.join('\n')).not.toContain(password);
    expect(rows.flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
    // The runner itself got the masks, so another step's output is masked too.
    job.log(`a later step prints ${password}`);
    expect(rowsOf(world, job)).toContain('a later step prints ***');
  });

  it('stops a script at its first failure, and supports another shell', async () => {
    const job = world.startJob();
    expect(await step(job, action.main, { secrets: 'P=password', run: 'false\necho went on' })).toBe(1);
    expect(rowsOf(world, job)).not.toContain('went on');
    const run = 'process.exit(process.env.P.length)';
    expect(await step(job, action.main, { secrets: 'P=password', shell: `${process.execPath} -e`, run })).toBe(19);
  });

  it('reports faulty inputs, and runs nothing', async () => {
    const job = world.startJob();
    expect(await step(job, action.main, { secrets: 'password', run: 'echo ran' })).toBe(2);
    expect(await step(job, action.main, { run: 'echo ran' })).toBe(2);
    expect(rowsOf(world, job)).not.toContain('ran');
  });

  it('without a script puts the helper on the PATH of the following steps', async () => {
    const job = world.startJob();
    const paths = join(world.directory, 'paths');
    expect(await job.execute([process.execPath, action.main], { GITHUB_PATH: paths })).toBe(0);
    // A runner prepends these entries to the PATH of its next steps.
    const path = `${readFileSync(paths, 'utf8').trim()}:${process.env['PATH'] ?? ''}`;
    const script = 'keyturn-fetch exec --secret P=password -- sh -c \'echo "it is $P"\'';
    const environment = { PATH: path, KEYTURN_FETCH_CONFIGURATION: world.configure() };
    expect(await job.execute(['sh', '-c', script], environment)).toBe(0);
    expect(rowsOf(world, job)).toContain('it is ***');
  });

  it('removes at the end only what a killed helper and its guardian left', async () => {
    const job = world.startJob();
    // No process has this number: Linux's limit is 4194304.
    const name = `keyturn-${processSpace()}-4194303-${randomBytes(4).toString('hex')}`;
    const places = [join('/dev/shm', name), join(job.environment['RUNNER_TEMP'] ?? '', name)] as const;
    const halfMade = pathInSharedMemory('left');
    for (const folder of [halfMade, places[1]]) {
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(join(folder, 'secret'), password, { mode: 0o600 });
    }
    renameSync(halfMade, places[0]);
    const ofLiving = `/dev/shm/keyturn-${processSpace()}-${String(process.pid)}-${randomBytes(4).toString('hex')}`;
    mkdirSync(ofLiving);
    expect(await step(job, action.post)).toBe(0);
    // A second run on this machine sweeps /dev/shm too, so only files in the job's own folder are certain to be
    // reported.
    expect([...places, ofLiving].map((place) => existsSync(place))).toEqual([false, false, true]);
    rmSync(ofLiving, { recursive: true });
    expect(rowsOf(world, job).some((row) => row.includes('removed ') && row.includes(name))).toBe(true);
  });
});

describe('outputs for a step that takes an input', () => {
  it('are masked first, told once, and gone from the file after the last step', async () => {
    const job = world.startJob();
    const output = join(world.directory, 'outputs.txt');
    writeFileSync(output, '');
    const call = async (file: string, inputs: Readonly<Record<string, string>>) =>
      await job.execute([process.execPath, file], {
        ...inputs,
        GITHUB_OUTPUT: output,
        KEYTURN_FETCH_CONFIGURATION: world.configure(),
      });
    expect(await call(action.main, { INPUT_OUTPUTS: 'registry=password\n' })).toBe(0);
    expect(readFileSync(output, 'utf8')).toMatch(/^registry<<(keyturn_[0-9a-f]{32})\nswordfish-swordfish\n\1\n$/);
    const rows = rowsOf(world, job);
    expect(rows.filter((row) => row.includes('outputs of this step'))).toHaveLength(1);
    expect(rows.flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
    job.log(`the step that takes it prints ${password}`);
    expect(rowsOf(world, job)).toContain('the step that takes it prints ***');
    expect(await call(action.post, {})).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe('');
  });

  it('cannot be combined with a script, and are refused where masks would be printed', async () => {
    const job = world.startJob();
    expect(await step(job, action.main, { outputs: 'registry=password', run: 'true' })).toBe(2);
    world.cloud.gitea.addRunner({ name: 'runner-3.0', labels: [], version: '3.0.0' });
    const old = world.startJob({ runner: 'runner-3.0' });
    expect(await step(old, action.main, { outputs: 'registry=password' })).toBe(87);
  });
});

describe('a rendered file', () => {
  it('is masked, and removed by the action’s last step with this user’s other files, but not links', async () => {
    const job = world.startJob();
    const template = join(world.directory, 'template');
    writeFileSync(template, 'password={{ P }}\n');
    const out = pathInSharedMemory('rendered');
    const words = ['render', '--template', template, '--out', out, '--secret', 'P=password'];
    expect(await world.fetch(job, words)).toBe(0);
    expect(await job.execute(['cat', out])).toBe(0);
    expect(rowsOf(world, job)).toContain('password=***');
    const kept = join(world.directory, 'kept');
    writeFileSync(kept, '');
    const link = join(world.directory, 'link-on-list');
    symlinkSync(kept, link);
    const list = join(job.environment['RUNNER_TEMP'] ?? '', 'keyturn-rendered.txt');
    appendFileSync(list, `relative\n${world.directory}\n${link}\n/no/such/file\n`);
    expect(await step(job, action.post)).toBe(0);
    expect([out, list, kept, link].map((path) => existsSync(path))).toEqual([false, false, true, true]);
  });

  it('is not written if it cannot be registered for removal', async () => {
    const job = world.startJob();
    const template = join(world.directory, 'template');
    const out = pathInSharedMemory('unlisted');
    const words = ['render', '--template', template, '--out', out, '--secret', 'P=password'];
    expect(await world.fetch(job, words, { RUNNER_TEMP: '/no/such/folder' })).toBe(84);
    expect(existsSync(out)).toBe(false);
  });
});

describe('action.yml', () => {
  const description = parse(readFileSync('action/action.yml', 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly required: boolean }>>;
    readonly runs: Readonly<Record<string, string>>;
  };

  it('runs files from the build, and always its last step', () => {
    expect(description.runs).toEqual({
      using: 'node24',
      main: 'dist/main.mjs',
      post: 'dist/post.mjs',
      'post-if': 'always()',
    });
    for (const name of ['main', 'post']) expect(existsSync(join('action', description.runs[name] ?? ''))).toBe(true);
  });

  it('declares the inputs that the action reads, and its README describes each', () => {
    const source = readFileSync('src/runner/action/action-inputs.ts', 'utf8');
    const read = [...source.matchAll(/(?:input|lines)\('([a-z]+)'\)/g)].map(([, name = '']) => name);
    expect([...new Set(read)].toSorted()).toEqual(Object.keys(description.inputs).toSorted());
    const guide = readFileSync('action/README.md', 'utf8');
    for (const name of Object.keys(description.inputs)) expect(guide).toContain(`\`${name}\``);
  });
});
