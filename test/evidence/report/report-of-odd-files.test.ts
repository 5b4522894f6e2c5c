import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Called, callCommand } from '../../commands/call-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-odd-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const runner = 'aaaaaaaa-0000-4000-8000-000000000001';
const version = '0123456789abcdef0123456789abcdef';

const row = {
  TimeGenerated: '2025-11-02T08:00:00.1230000Z',
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  Id: `https://kv-prod.vault.azure.net/secrets/database-password/${version}`,
  RequestUri: 'https://kv-prod.vault.azure.net/secrets/database-password?api-version=7.6',
  CallerIpAddress: '203.0.113.7',
  CorrelationId: '6f1c1f6e-2a57-4a43-a5a0-3d1fbcb59d55',
  Identity: { claim: { oid: runner, appid: 'bbbbbbbb-0000-4000-8000-000000000002' } },
  _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-prod',
};

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
  requests: [{ id: row.CorrelationId, status: 200, at: '2025-11-02T08:00:00.123Z' }],
  address: '203.0.113.7',
  clockOffsetMs: 0,
  previous: null,
};

const policy = `
format: 1
identities:
  ${runner}: { role: runner, labels: [shop], repositories: [acme/shop], addresses: [203.0.113.7] }
`;

/** Reports the rows and receipts of November, with the job and the policy. */
async function report(rows: readonly object[], receipts: readonly object[] = [receipt]) {
  const lines = (of: readonly object[]) => of.map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(join(folder, 'rows.ndjson'), lines(rows));
  await writeFile(join(folder, 'jobs.ndjson'), lines([job]));
  await writeFile(
    join(folder, 'receipts.ndjson'),
    lines(receipts.map((one) => ({ postedAt: '2025-11-02T08:00:01.000Z', receipt: one }))),
  );
  await writeFile(join(folder, 'policy.yml'), policy);
  const inputs = ['--retrievals', 'rows.ndjson', '--jobs', 'jobs.ndjson', '--receipts', 'receipts.ndjson'];
  const words = ['report', ...inputs, '--policy', 'policy.yml', '--period', '2025-11', '--out', 'pack'];
  const called: Called = await callCommand(words, { directory: folder, now: () => new Date('2026-01-02T06:00:00Z') });
  expect(called.code).toBe(0);
  const html = await readFile(join(folder, 'pack', 'report.html'), 'utf8');
  const text = html
    .replaceAll(/<style[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>|<[^>]*>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll(/\s+/g, ' ');
  return { ...called, text };
}

/** The lines of a file of the pack. */
async function linesOf(name: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(folder, 'pack', name), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

const findings = async () =>
  (await linesOf('findings.ndjson')).map(({ rule, count, description }) => ({ rule, count, description }));

describe('a report of files with a policy', () => {
  it('names the policy that judged the reads on its first page, keeps its text, and says that it came as a file', async () => {
    const { text, printed } = await report([row]);
    const [{ sha256, text: kept } = {}] = await linesOf('policies.ndjson');
    expect(kept).toBe(policy);
    expect(text).toContain(`Policy digest sha256:${String(sha256)}`);
    expect(text).not.toMatch(/no policy (?:is )?on record/);
    expect(text).toContain('nothing shows that it was in force then');
    expect(printed[0]).toBe('2025-11: 1 read, 1 finding, final.');
  });

  it('does not say that the policy lists no identity where it is the row that names none', async () => {
    const { text } = await report([row, { ...row, CorrelationId: 'c2', Identity: {} }]);
    expect(text).toContain('Not tested: 1 read whose rows name no identity.');
    expect(text).not.toContain('while the policy lists no identity');
  });
});

describe('a receipt of a served value whose request the log says was refused', () => {
  it('matches no read and is an exception', async () => {
    await report([{ ...row, HttpStatusCode: 403, ResultSignature: 'Forbidden' }]);
    expect(await findings()).toContainEqual({
      rule: 'orphan-receipt',
      count: 1,
      description: 'acme/shop 41/52.1 has 1 receipt for reads that are missing from the audit log.',
    });
    expect(await linesOf('receipts.ndjson')).toEqual([expect.objectContaining({ matched: false })]);
  });

  it('is an exception too if two receipts that differ claim it', async () => {
    await report([{ ...row, HttpStatusCode: 403 }], [receipt, { ...receipt, sequence: 2 }]);
    expect((await findings()).map(({ rule }) => rule)).toContain('duplicate-receipt');
  });
});

describe('rows that name no identity', () => {
  const refused = (second: number, address: string) => ({
    ...row,
    Identity: {},
    HttpStatusCode: 403,
    TimeGenerated: `2025-11-02T08:00:0${String(second)}.0000000Z`,
    CorrelationId: `c-${String(second)}`,
    CallerIpAddress: address,
  });

  it('are not one burst if they came from five addresses', async () => {
    await report([1, 2, 3, 4, 5].map((second) => refused(second, `198.51.100.${String(second)}`)));
    expect((await findings()).map(({ rule }) => rule)).not.toContain('denied-burst');
  });

  it('are one if they came from one, and the sentence tells its address', async () => {
    await report([1, 2, 3, 4, 5].map((second) => refused(second, '198.51.100.66')));
    const burst = (await findings()).find(({ rule }) => rule === 'denied-burst');
    expect(burst?.description).toMatch(/^A caller without an identity \(198\.51\.100\.66\) was refused 5 times at /);
  });

  it('are told by the managed identity where that is all they name', async () => {
    const path = '/subscriptions/s/providers/microsoft.managedidentity/userassignedidentities/runner-prod';
    await report([{ ...row, Identity: { claim: { xms_mirid: path } } }]);
    const unknown = (await findings()).find(({ rule }) => rule === 'unknown-identity-read');
    expect(unknown?.description).toContain(path);
  });
});

describe('a name with a separator of lines that is no line feed', () => {
  it.each([
    ['U+2028', '\u2028'],
    ['U+2029', '\u2029'],
    ['U+0085', '\u0085'],
    ['a carriage return', '\r'],
  ])('leaves the pack intact: %s', async (_name, sign) => {
    const person = { claim: { oid: runner, upn: `ada${sign}@example.com`, scp: 'user_impersonation' } };
    const refused = [1, 2, 3, 4, 5].map((second) => ({
      ...row,
      Identity: person,
      HttpStatusCode: 403,
      TimeGenerated: `2025-11-02T08:00:0${String(second)}.0000000Z`,
      CorrelationId: `c-${String(second)}`,
    }));
    await report([{ ...row, ClientInfo: `a${sign}b` }, ...refused]);
    const verified = await callCommand(['verify', 'pack'], { directory: folder });
    expect([verified.code, verified.printed.at(-1)]).toEqual([0, 'intact; signer not verified']);
  });
});

describe('a row of a day that the calendar does not have', () => {
  it.each(['2025-11-31T08:00:00.0000000Z', '2025-02-29T08:00:00.0000000Z', '2025-11-31T08:00:00Z'])(
    'of %s cannot be parsed, and is not moved to another day',
    async (time) => {
      await report([row, { ...row, CorrelationId: 'c2', TimeGenerated: time }]);
      expect(await linesOf('unreadable-rows.ndjson')).toEqual([
        expect.objectContaining({ reason: 'it has no time (TimeGenerated or time, ISO 8601)' }),
      ]);
    },
  );
});
