import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { publishedContract, unlessContractsAreAbsent } from '../published-contracts.ts';
import { type Called, callCommand } from './call-command.ts';

const records = publishedContract('05-audit-records/keyvault-audit-records.ndjson');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-files-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(words, { directory: folder, now: () => new Date('2026-01-02T06:00:00Z') });

async function file(name: string, lines: readonly (object | string)[]): Promise<string> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  await writeFile(join(folder, name), `${text.join('\n')}\n`);
  return name;
}

const job = {
  format: 1,
  instance: '0a1b2c3d',
  repositoryId: 7,
  repository: 'acme/shop',
  runId: 41,
  jobId: 52,
  attempt: 1,
  taskId: 63,
  name: 'deploy',
  runnerId: 3,
  runnerName: 'runner-shop',
  labels: ['shop'],
  status: 'completed',
  conclusion: 'success',
  createdAt: '2025-11-02T07:59:00Z',
  startedAt: '2025-11-02T07:59:30Z',
  completedAt: '2025-11-02T08:01:00Z',
  event: 'push',
  branch: 'main',
  fork: false,
  known: 'api',
  url: null,
};

const runner = 'aaaaaaaa-0000-4000-8000-000000000001';
const correlationId = '6f1c1f6e-2a57-4a43-a5a0-3d1fbcb59d55';
const version = '0123456789abcdef0123456789abcdef';

const row = {
  TimeGenerated: '2025-11-02T08:00:00.1230000Z',
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  Id: `https://kv-prod.vault.azure.net/secrets/database-password/${version}`,
  RequestUri: 'https://kv-prod.vault.azure.net/secrets/database-password?api-version=7.6',
  CallerIpAddress: '203.0.113.7',
  CorrelationId: correlationId,
  Identity: { claim: { oid: runner, appid: 'bbbbbbbb-0000-4000-8000-000000000002' } },
  _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-prod',
};

const receipt = {
  format: 1,
  job: { instance: '0a1b2c3d', repositoryId: 7, runId: 41, attempt: 1, jobId: 52, taskId: 63 },
  nonce: '89abcdef',
  sequence: 1,
  vault: 'kv-prod',
  secret: 'database-password',
  opaque: false,
  version,
  clientRequestId: '00000000-0000-8000-8000-000000000001',
  requests: [{ id: correlationId, status: 200, at: '2025-11-02T08:00:00.123Z' }],
  address: '203.0.113.7',
  clockOffsetMs: 0,
  previous: null,
};

const policy = `
format: 1
identities:
  ${runner}:
    role: runner
    labels: [shop]
    repositories: [acme/shop]
    addresses: [203.0.113.7]
`;

/** A pack's report as text, and its reads. */
async function packOf(name: string): Promise<{ text: string; grades: string[] }> {
  const html = await readFile(join(folder, name, 'report.html'), 'utf8');
  const reads = await readFile(join(folder, name, 'retrievals.ndjson'), 'utf8');
  const lines = reads.split('\n').filter((line) => line !== '');
  return {
    text: html
      .replaceAll(/<style[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>|<[^>]*>/g, ' ')
      .replaceAll('&#x27;', "'")
      .replaceAll(/\s+/g, ' '),
    grades: lines.map((line) => (JSON.parse(line) as { grade: string }).grade),
  };
}

describe('keyturn attribute', () => {
  it('takes a policy that names secrets alone, as a service with one vault has, and needs no settings for it', async () => {
    const rows = await file('rows.ndjson', [{ record: row }]);
    const jobs = await file('jobs.ndjson', [job]);
    const secrets = 'secrets:\n  deploy-token: { issuer: generated, validity: 90d }\n';
    await writeFile(join(folder, 'keyturn.policy.yml'), `${policy}${secrets}`);
    const words = ['attribute', '--retrievals', rows, '--jobs', jobs, '--policy', 'keyturn.policy.yml'];
    expect(await call(...words)).toMatchObject({ code: 0 });
  });

  it('ties a read to its job by files alone, once the policy says whose identity it is', async () => {
    const rows = await file('rows.ndjson', [{ record: row }]);
    const jobs = await file('jobs.ndjson', [job]);
    const receipts = await file('receipts.ndjson', [{ postedAt: '2025-11-02T08:00:01.000Z', receipt }]);
    const words = ['attribute', '--retrievals', rows, '--jobs', jobs, '--receipts', receipts];
    const bare = await call(...words);
    expect(bare.code).toBe(0);
    expect(JSON.parse(bare.printed[0] ?? '')).toMatchObject({ grade: 'claimed' });
    expect(bare.said).toContain('No policy names the identities of runners, so no read can be better than claimed.');
    await writeFile(join(folder, 'keyturn.policy.yml'), policy);
    const known = await call(...words, '--policy', 'keyturn.policy.yml');
    expect(JSON.parse(known.printed[0] ?? '')).toMatchObject({
      grade: 'authenticated',
      job: 'acme/shop 41/52.1',
      reason: 'receipt-posted',
    });
    expect(known.said).toEqual(['1 rows, 0 unreadable, 1 disclosed a value: 1 authenticated.']);
  });

  it('names every row that it could not read, and writes the rest to a file', async () => {
    const rows = await file('rows.ndjson', [row, 'no json', { OperationName: 'SecretGet' }]);
    const { code, said, printed } = await call('attribute', '--retrievals', rows, '--out', 'out.ndjson', '--json');
    expect(code).toBe(0);
    expect((await readFile(join(folder, 'out.ndjson'), 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ rows: 3, attributed: 1, unreadable: 2 });
    const named = said.filter((line) => line.includes('rows.ndjson'));
    expect(named.map((line) => line.slice(line.indexOf('rows.ndjson')))).toEqual([
      'rows.ndjson:2: it is not valid JSON',
      'rows.ndjson:3: it has no time (TimeGenerated or time, ISO 8601)',
    ]);
  });

  it('refuses a line of jobs that is none, with its place', async () => {
    const rows = await file('rows.ndjson', [row]);
    const jobs = await file('jobs.ndjson', [job, { ...job, runId: 'x' }]);
    const { code, said } = await call('attribute', '--retrievals', rows, '--jobs', jobs);
    expect(code).toBe(3);
    expect(said.join('\n')).toMatch(/RECORD_UNREADABLE[\s\S]*jobs\.ndjson:2/);
  });

  it('of the published records alone says plainly what it lacks', unlessContractsAreAbsent, async () => {
    const { code, said, printed } = await call('attribute', '--retrievals', records);
    expect(code).toBe(0);
    // Three of the 29 are SecretGet answered 200; read by eye: two by persons, one by a workload.
    expect(printed.map((line) => (JSON.parse(line) as { grade: string }).grade)).toEqual([
      'person',
      'unattributed',
      'person',
    ]);
    expect(said.slice(0, 2)).toEqual([
      'No jobs were given, so no read can be tied to a job.',
      'No receipts were given, so no read can be better than inferred or claimed.',
    ]);
  });
});

describe('keyturn report over files', () => {
  it('of the published records alone counts them as they were counted by hand', unlessContractsAreAbsent, async () => {
    // 2024-03-30 to 2024-04-17: 20 of the 29 records. Keys, certificates and the vault itself 12, platform 1, lists 2,
    // refused 3 (one get, two purges), not found 1, failed 1 (a restore in conflict); none disclosed a value.
    const words = ['--period', '2024-03-30..2024-04-17', '--retrievals', records, '--out', 'pack'];
    const { code, said, printed } = await call('report', ...words);
    expect(code).toBe(0);
    expect(printed[0]).toMatch(/^2024-03-30\.\.2024-04-17: 0 reads, .* provisional\.$/);
    expect(said[0]).toBe('29 rows in the files, 20 of them of the period or without a time.');
    const { text, grades } = await packOf('pack');
    expect(grades).toEqual([]);
    for (const step of ['Rows collected 20', 'not about a secret −12 8', "the platform's own operation −1 7"])
      expect(text).toContain(step);
    for (const step of ['no value −2 5', 'refused −3 2', 'not found −1 1', 'failed −1 0']) expect(text).toContain(step);
  });

  it(
    'says on the first page what it lacks: jobs, receipts, and reads of its own',
    unlessContractsAreAbsent,
    async () => {
      const words = ['--period', '2022-06-30..2022-06-30', '--retrievals', records, '--out', 'pack'];
      const { said } = await call('report', ...words);
      const { text, grades } = await packOf('pack');
      // On that day: one SecretGet by a person, one KeyGet and one KeyList.
      expect(grades).toEqual(['person']);
      expect(text).toContain('not about a secret −2');
      for (const lack of [
        'No jobs were given: no read can be tied to a job.',
        'No receipts were given: no read can be better than inferred or claimed.',
        'so it cannot be shown that the log is whole: no hour counts as covered.',
      ]) {
        expect(text).toContain(lack);
        expect(said.join('\n')).toContain(lack);
      }
      expect(text).toContain('0 hours covered');
    },
  );

  it('seals a pack that verifies, ties reads to jobs of the files, and leaves no folder behind', async () => {
    await mkdir(join(folder, 'rows'));
    await file('rows/a.ndjson', [row, 'no json']);
    await file('rows/b.ndjson', [{ ...row, CorrelationId: '00000000-1111-4222-8333-444444444444' }]);
    await file('jobs.ndjson', [job]);
    await file('receipts.ndjson', [receipt]);
    await writeFile(join(folder, 'keyturn.policy.yml'), policy);
    const temporary = join(folder, 'temporary');
    await mkdir(temporary);
    vi.stubEnv('TMPDIR', temporary);
    const inputs = ['--retrievals', 'rows', '--jobs', 'jobs.ndjson', '--receipts', 'receipts.ndjson'];
    const order = ['--period', '2025-11', '--policy', 'keyturn.policy.yml', '--out', 'pack', '--json'];
    const { code, said, printed } = await call('report', ...inputs, ...order);
    expect(code).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
    const { pack } = JSON.parse(printed[0] ?? '') as { pack: { fingerprint: string; reads: { total: number } } };
    expect(pack.reads.total).toBe(2);
    // A receipt of a log, of a job whose identity serves its repository alone; and a read without any evidence of its own.
    expect((await packOf('pack')).grades).toEqual(expect.arrayContaining(['authenticated', 'inferred']));
    expect(said.join('\n')).toMatch(/Not readable as an audit row, slices\/2025-11-01/);
    expect((await packOf('pack')).text).toContain('not readable as an audit row −1');

    const trusted = await call('verify', 'pack', '--trust', pack.fingerprint);
    expect([trusted.code, trusted.printed.at(-1)]).toEqual([0, expect.stringContaining('intact')]);
    const reads = join(folder, 'pack', 'retrievals.csv');
    await writeFile(reads, (await readFile(reads, 'utf8')).replace('authenticated', 'corroborated.'));
    const changed = await call('verify', 'pack', '--trust', pack.fingerprint);
    expect(changed.code).toBe(1);
    expect(changed.printed.join('\n')).toContain('retrievals.csv');
  });
});

describe('bad input', () => {
  it('a missing file is called missing, by attribute and by report', async () => {
    const attributed = await call('attribute', '--retrievals', 'nowhere.ndjson');
    expect([attributed.code, attributed.said.join(' ')]).toEqual([
      3,
      expect.stringMatching(/There is no file or folder.*nowhere\.ndjson/s),
    ]);
    const reported = await call('report', '--retrievals', 'nowhere.ndjson', '--period', '2025-11', '--out', 'pack');
    expect(reported.said.join(' ')).toMatch(/There is no file or folder.*nowhere\.ndjson/s);
  });

  it('refuses a period that has not begun, and seals nothing', async () => {
    const retrievals = await file('rows.ndjson', [row]);
    const { code, said } = await call('report', '--retrievals', retrievals, '--period', '2027', '--out', 'pack');
    expect([code, said.join(' ')]).toEqual([2, expect.stringContaining('The period has not begun')]);
    expect(await readdir(folder)).not.toContain('pack');
  });

  it('tells a hundred equal faults in one line with their count', async () => {
    const retrievals = await file('rows.ndjson', [
      row,
      ...Array.from({ length: 100 }, () => ({ ...row, HttpStatusCode: null })),
      'no json',
    ]);
    const { said } = await call('attribute', '--retrievals', retrievals, '--out', 'out.ndjson');
    expect(said.filter((line) => line.includes('rows.ndjson:'))).toEqual([
      expect.stringMatching(/rows\.ndjson:2 and 99 more: /),
      expect.stringMatching(/rows\.ndjson:102: it is not valid JSON$/),
    ]);
  });
});

describe('a report of rows alone, without policy, jobs and receipts', () => {
  it('tests nothing that needs them, and never calls its own count a control total', async () => {
    const retrievals = await file('rows.ndjson', [row]);
    await call('report', '--retrievals', retrievals, '--period', '2025-11', '--out', 'pack');
    const oscal = await readFile(join(folder, 'pack', 'oscal-assessment-results.json'), 'utf8');
    const [{ observations }] = (
      JSON.parse(oscal) as {
        'assessment-results': { results: [{ observations: { title: string; description: string }[] }] };
      }
    )['assessment-results'].results;
    const said = new Map(observations.map(({ title, description }) => [title, description]));
    for (const title of [
      'Every disclosed value is tied to a job, explained, or read by a named person',
      'Jobs read only the secrets that the policy allows them',
      'Only identities that the policy lists read values',
      'Each receipt matches exactly one row of the log',
      'Every secret that is read is in the inventory',
      'The rows of each slice are no fewer than an independent query counted',
    ]) {
      expect([title, said.get(title)]).toEqual([title, expect.stringMatching(/^Not tested: /)]);
    }
    expect(said.get("No person reads a secret's value")).toBe('Tested 1 read; exceptions: none.');
  });
});

describe("a report with the operator's own controls", () => {
  const order = ['report', '--period', '2025-11', '--out', 'pack'];
  const controls = (ids: string) => file('controls.yml', ['format: 1', 'controls:', '  CC6.1:', `    ids: [${ids}]`]);

  it('carries the ids of the file that is named, and of KEYTURN_CONTROLS if none is', async () => {
    const retrievals = await file('rows.ndjson', [row]);
    await controls('ACC-01');
    expect((await call(...order, '--retrievals', retrievals, '--controls', 'controls.yml')).code).toBe(0);
    expect((await packOf('pack')).text).toContain('ACC-01');
    await rm(join(folder, 'pack'), { recursive: true });
    const environment = { KEYTURN_CONTROLS: 'controls.yml' };
    const now = () => new Date('2026-01-02T06:00:00Z');
    await callCommand([...order, '--retrievals', retrievals], { directory: folder, now, environment });
    expect((await packOf('pack')).text).toContain('ACC-01');
  });

  it('is refused with line and column of each fault, and writes nothing', async () => {
    const retrievals = await file('rows.ndjson', [row]);
    await controls('"<b>"');
    const { code, said } = await call(...order, '--retrievals', retrievals, '--controls', 'controls.yml');
    expect([code, said.join(' ')]).toEqual([2, expect.stringContaining('4:11 controls.CC6.1.ids.0 must be')]);
    expect(await readdir(folder)).not.toContain('pack');
  });
});
