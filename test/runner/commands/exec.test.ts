import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instanceOf } from '../../../src/provenance/job-numbers.ts';
import { parseJobStamp } from '../../../src/provenance/job-stamp.ts';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

const password = 'correct horse battery staple';
let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'database-password', value: password });
});
afterAll(() => world.stop());

describe('exec in a job of the embedded runner', () => {
  it('passes the secret to the command, and only three asterisks to the log', async () => {
    const job = world.startJob();
    const script = 'test "$PASSWORD" = "correct horse battery staple" && echo "it is $PASSWORD." && exit 7';
    const code = await world.fetch(job, ['exec', '--secret', 'PASSWORD=database-password', '--', 'sh', '-c', script]);
    const rows = rowsOf(world, job);
    expect(rows).toContain('it is ***.');
    expect(code).toBe(7);
    expect(rows.join('\n')).not.toContain(password);
    expect(rows.join('\n')).not.toContain('add-mask');
  });

  it('stamps the read with the job, and writes a receipt that names its row in the audit log', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--secret', 'P=database-password', '--', 'true'])).toBe(0);
    const receipts = rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? []);
    expect(receipts).toHaveLength(1);
    const [receipt] = receipts;
    const { jobId, runId, taskId, attempt, repository } = job.job;
    const numbers = { instance: instanceOf(world.cloud.gitea.url), repositoryId: repository.id };
    expect(receipt?.job).toEqual({ ...numbers, runId, attempt, jobId, taskId });
    expect(receipt).toMatchObject({
      secret: 'database-password',
      opaque: false,
      address: '203.0.113.7',
      previous: null,
    });
    const row = world.cloud.auditLog.rows().find(({ CorrelationId }) => CorrelationId === receipt?.requests[0]?.id);
    expect(row).toMatchObject({ OperationName: 'SecretGet', HttpStatusCode: 200 });
    expect(parseJobStamp(String(row?.['ClientInfo']))).toMatchObject({ jobId, runId, nonce: receipt?.nonce });
  });

  it('writes a receipt for a failed read, and says what to do', async () => {
    const job = world.startJob();
    const code = await world.fetch(job, ['exec', '--secret', 'P=no-such-secret', '--', 'sh', '-c', 'echo ran']);
    const rows = rowsOf(world, job);
    expect(code).toBe(79);
    expect(rows).not.toContain('ran');
    expect(rows.some((row) => row.includes('SECRET_MISSING'))).toBe(true);
    expect(rows.flatMap((row) => parseReceiptLine(row) ?? [])).toMatchObject([
      { version: null, secret: 'no-such-secret' },
    ]);
  });
});
