import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { actionCall, install } from '../../../src/runner/action/action-inputs.ts';
import { parseExecOptions } from '../exec-words.ts';
import { helperVersion } from '../../../src/runner/helper-version.ts';
import { stagingProbe } from '../../../src/runner/doctor/diagnose-vault.ts';
import { processSpace } from '../../../src/runner/delivery/memory-file.ts';
import { sweep, sweepLeftovers } from '../../../src/runner/delivery/sweep.ts';
import { pathInSharedMemory } from '../shared-memory.ts';
import { receiptMarker } from '../../../src/provenance/receipt-line.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

const password = 'swordfish<swordfish>"';
let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'keyturn-staging-key', value: 'thirty-two-random-bytes-in-base64' });
  world.cloud.vault.seed({ name: 'password', value: password, expires: new Date(Date.now() + 86_400_000) });
});
afterAll(() => world.stop());

describe('doctor', () => {
  it('reports passes and failures, and what to do', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['doctor', '--json', '--audit', '--secret', 'password'])).toBe(1);
    const row = rowsOf(world, job).find((line) => line.startsWith('{"diagnoses"')) ?? '{}';
    const { diagnoses } = JSON.parse(row) as {
      diagnoses: { layer: string; verdict: string; says: string; advice: string }[];
    };
    const verdicts = new Map(diagnoses.map(({ layer, verdict }) => [layer, verdict]));
    const vault = `vault ${world.cloud.vault.name}`;
    for (const layer of [
      'configuration',
      'runner',
      'job',
      'masks',
      'identity',
      `${vault}: name`,
      `${vault}: connection`,
      `${vault}: role`,
      'clock',
      'audit',
    ]) {
      expect([layer, verdicts.get(layer)]).toEqual([layer, 'pass']);
    }
    // The embedded grant covers every name, including those that no runner may read.
    expect(verdicts.get(`${vault}: pending values`)).toBe('fail');
    expect(verdicts.get(`${vault}: the staging key`)).toBe('fail');
    expect(diagnoses.filter(({ verdict }) => verdict !== 'pass').every(({ advice }) => advice !== '')).toBe(true);
    expect(row).toContain(world.runner.objectId);
    expect(row).not.toContain(password);
  });

  it('advises checking the role assignment first', async () => {
    world.cloud.vault.revokeGrants(world.runner);
    const job = world.startJob();
    expect(await world.fetch(job, ['doctor', '--secret', 'password'])).toBe(1);
    const rows = rowsOf(world, job).join('\n');
    world.cloud.vault.grant(world.runner, ['get']);
    expect(rows).toContain('Check the role assignment first');
  });

  describe('for an identity with a role on one secret, as the documents say', () => {
    const withRoles = async (names: readonly string[], words: readonly string[]) => {
      world.cloud.vault.revokeGrants(world.runner);
      for (const name of names) world.cloud.vault.grant(world.runner, ['get'], name);
      const job = world.startJob();
      const code = await world.fetch(job, ['doctor', ...words]);
      world.cloud.vault.revokeGrants(world.runner);
      world.cloud.vault.grant(world.runner, ['get']);
      return { code, rows: rowsOf(world, job).join('\n') };
    };

    it('passes, and says that neither pending values nor the staging key can be read', async () => {
      world.cloud.vault.seed({ name: 'lasting', value: password, expires: new Date(Date.now() + 86_400_000) });
      const { code, rows } = await withRoles(['lasting'], ['--secret', 'lasting']);
      expect([code, rows]).toEqual([0, expect.stringContaining('this identity cannot read pending values')]);
      expect(rows).toContain('this identity cannot read the staging key');
    });

    it('asks for a secret to be named when nothing shows that it may read one', async () => {
      const { code, rows } = await withRoles(['password'], []);
      expect([code, rows]).toEqual([0, expect.stringContaining('Name a secret that the job reads with --secret')]);
    });

    it.each([
      ['keyturn-staging-key', 'this identity can read the staging key'],
      [stagingProbe, 'this identity can read pending values'],
    ])('fails when a role on %s was added', async (name, told) => {
      const { code, rows } = await withRoles(['password', name], ['--secret', 'password']);
      expect([code, rows]).toEqual([1, expect.stringContaining(told)]);
      expect(rows).not.toContain('thirty-two-random-bytes');
    });
  });

  it('writes a receipt for each of its reads, with names that this log may show, and checks the service', async () => {
    const job = world.startJob();
    const configuration = world.configure({ names: 'opaque', service: 'http://127.0.0.1:9' });
    await world.fetch(job, ['doctor', '--secret', 'password'], { KEYTURN_FETCH_CONFIGURATION: configuration });
    const receipts = rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? []);
    expect(receipts.map(({ opaque, sequence, requests }) => [opaque, sequence, requests[0]?.status])).toEqual([
      [true, 1, 404],
      [true, 2, 404],
      // This world has a staging key, and the embedded grant covers it.
      [true, 3, 200],
      [true, 4, 200],
    ]);
    expect(rowsOf(world, job).join('\n')).toContain('warn  service: it did not accept the receipts');
  });

  it('requests no token if a proxy could see it, and still reports the rest', async () => {
    const rows = world.cloud.auditLog.rows().length;
    const job = world.startJob();
    expect(await world.fetch(job, ['doctor'], { HTTPS_PROXY: 'http://proxy.example' })).toBe(1);
    expect(rowsOf(world, job).join('\n')).toMatch(
      /fail {2}proxy and trust: the environment sets HTTPS_PROXY[^]*pass {2}runner/,
    );
    expect(world.cloud.auditLog.rows()).toHaveLength(rows);
  });

  it('names the weaknesses of an old runner', async () => {
    world.cloud.gitea.addRunner({
      name: 'old',
      labels: [],
      version: '1.0.5',
      environment: { AZURE_CLIENT_SECRET: 'x' },
    });
    const job = world.startJob({ runner: 'old' });
    await world.fetch(job, ['doctor']);
    const rows = rowsOf(world, job).join('\n');
    expect(rows).toContain('masks of several lines hide nothing');
    expect(rows).toContain('AZURE_CLIENT_SECRET');
    expect(rows).not.toContain('share variables');
  });
});

describe('render, env and mask', () => {
  it('fills a template into memory, readable only by its user, and refuses a disk', async () => {
    const template = join(world.directory, 'app.conf');
    writeFileSync(template, '{"password":"{{ json PASSWORD }}"}\n');
    const out = pathInSharedMemory('rendered');
    const words = (path: string) => ['render', '--template', template, '--out', path, '--secret', 'PASSWORD=password'];
    const job = world.startJob();
    expect(await world.fetch(job, words(out))).toBe(0);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual({ password });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(await world.fetch(job, words(out))).toBe(84);
    rmSync(out);
    expect(await world.fetch(job, words(join(world.directory, 'app.out')))).toBe(84);
    expect(existsSync(join(world.directory, 'app.out'))).toBe(false);
  });

  it('reads no secret for a template that is missing or a device', async () => {
    const [job, out] = [world.startJob(), pathInSharedMemory('never-rendered')];
    for (const template of [join(world.directory, 'no-template'), '/dev/zero']) {
      const words = ['render', '--template', template, '--out', out, '--secret', 'PASSWORD=password'];
      expect(await world.fetch(job, words)).toBe(2);
    }
    expect(rowsOf(world, job).join('\n')).not.toContain(receiptMarker);
  });

  it('calls a missing template missing', async () => {
    const [job, template] = [world.startJob(), join(world.directory, 'no-template')];
    const words = ['render', '--template', template, '--out', pathInSharedMemory('never'), '--secret', 'P=password'];
    expect(await world.fetch(job, words)).toBe(2);
    expect(rowsOf(world, job).join('\n')).toMatch(/TEMPLATE_MISSING: .*there is no such file/);
  });

  it('says that a folder is not there, and not that it is a disk', async () => {
    const [job, template] = [world.startJob(), join(world.directory, 'of-no-folder.template')];
    writeFileSync(template, '{{ P }}');
    const out = pathInSharedMemory('no-folder/of/these/out');
    expect(await world.fetch(job, ['render', '--template', template, '--out', out, '--secret', 'P=password'])).toBe(84);
    expect(rowsOf(world, job).join('\n')).toMatch(/TARGET_UNUSABLE: .*ENOENT/);
    expect(rowsOf(world, job).join('\n')).not.toContain('to a disk');
  });

  it('leaves no part of a value where memory is full', async () => {
    const [job, template] = [world.startJob(), join(world.directory, 'full.template')];
    writeFileSync(template, 'x'.repeat(2_000) + '{{ P }}');
    const out = pathInSharedMemory('full.out');
    // A limit on the size of files stands for a full file system: the kernel takes the first 512 or 1,024 bytes.
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'sh', process.execPath];
    const words = ['render', '--template', template, '--out', out, '--secret', 'P=password'];
    const environment = { KEYTURN_FETCH_CONFIGURATION: world.configure() };
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    expect(await job.execute([...limited, helper, ...words], environment)).toBe(84);
    expect(rowsOf(world, job).join('\n')).toMatch(/TARGET_UNUSABLE: .*EFBIG/);
    expect(existsSync(out)).toBe(false);
  });

  it('passes a value to later steps only with a warning, after masking, and never through a link', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['env', '--secret', 'PASSWORD=password'])).toBe(0);
    await job.execute(['sh', '-c', 'test "$PASSWORD" = \'swordfish<swordfish>"\' && echo "have $PASSWORD"']);
    expect(rowsOf(world, job)).toContain('have ***');
    expect(rowsOf(world, job).some((row) => row.includes('WARNING'))).toBe(true);
    const link = join(world.directory, 'link.env');
    writeFileSync(join(world.directory, 'target'), '');
    symlinkSync(join(world.directory, 'target'), link);
    expect(await world.fetch(job, ['env', '--secret', 'P=password'], { GITHUB_ENV: link })).toBe(84);
    expect(readFileSync(join(world.directory, 'target'), 'utf8')).toBe('');
  });

  it('masks later output, and refuses if masks would be printed', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['mask', '--secret', 'P=password'])).toBe(0);
    job.log(`later ${password} and ${JSON.stringify(password)}`);
    expect(rowsOf(world, job).at(-1)).not.toContain('swordfish');
    const old = world.startJob({ runner: 'old' });
    expect(await world.fetch(old, ['mask', '--secret', 'P=password'])).toBe(87);
    expect(rowsOf(world, old).join('\n')).not.toContain('swordfish');
  });
});

describe('check', () => {
  it('validates the example’s manifest without network, and names the place of a fault', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['check', join(process.cwd(), 'examples/workflows/keyturn.yml')])).toBe(0);
    expect(rowsOf(world, job)).toContain('database-password → variable DATABASE_PASSWORD');
    const faulty = join(world.directory, 'faulty.yml');
    writeFileSync(faulty, 'format: 1\nsecrets:\n  - { name: a, enviroment: A }\n');
    expect(await world.fetch(job, ['check', faulty])).toBe(1);
    expect(rowsOf(world, job).some((row) => row.includes('secrets[0].enviroment'))).toBe(true);
  });
});

describe('the action', () => {
  it('converts its inputs into the words of exec', () => {
    const words = actionCall({
      INPUT_SECRETS: 'A=one\n  B=kv-prod/two\n\n',
      INPUT_MANIFEST: 'keyturn.yml',
      INPUT_OPTIONS: '--pin-run\n--wait 5m\n--retry-on=7',
      INPUT_RUN: 'echo "$A"\necho "$B"',
    });
    expect(words?.[0]).toBe('exec');
    const options = parseExecOptions(words?.slice(1) ?? []);
    expect(options).toMatchObject({ manifest: 'keyturn.yml', pinRun: true, patienceMs: 300_000, retryOn: [7] });
    expect(options.requests.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(options.command).toEqual(['/bin/sh', '-e', '-c', 'echo "$A"\necho "$B"']);
    expect(actionCall({ INPUT_SECRETS: 'A=one' })).toBeNull();
  });

  it('puts the helper on the PATH, and sweeps leftovers of dead helpers', () => {
    const path = join(world.directory, 'path');
    const command = install({ RUNNER_TEMP: world.directory, GITHUB_PATH: path }, "/it's/here.mjs", '/opt/node');
    expect(readFileSync(path, 'utf8')).toBe(`${join(world.directory, 'keyturn-bin')}\n`);
    expect(readFileSync(command, 'utf8')).toContain("exec '/opt/node' '/it'\\''s/here.mjs'");
    const folder = join(world.directory, 'shm');
    const space = processSpace();
    const [dead, alive] = [`keyturn-${space}-4194303-0123abcd`, `keyturn-${space}-${String(process.pid)}-0123abcd`];
    // The same numbers in another container that shares the folder may be alive.
    const elsewhere = 'keyturn-7-4194303-0123abcd';
    for (const name of [dead, alive, elsewhere, 'somebody-elses']) mkdirSync(join(folder, name), { recursive: true });
    expect(sweep(folder)).toEqual([dead]);
    expect([alive, elsewhere].map((name) => existsSync(join(folder, name)))).toEqual([true, true]);
  });

  it('says at a start what an earlier one left', () => {
    const folder = join(world.directory, 'temporary');
    const dead = `keyturn-${processSpace()}-4194303-0123abcd`;
    mkdirSync(join(folder, dead), { recursive: true });
    const said: string[] = [];
    sweepLeftovers({ environment: { RUNNER_TEMP: folder }, say: (line) => said.push(line) });
    expect(said).toEqual([expect.stringMatching(new RegExp(`^removed what an earlier start left: .*${dead}`))]);
    expect(existsSync(join(folder, dead))).toBe(false);
  });

  it("has the package's version", () => {
    expect(helperVersion).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  });
});
