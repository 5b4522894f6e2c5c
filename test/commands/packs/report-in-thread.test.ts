import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { produceFileReport } from '../../../src/commands/produce-file-report.ts';
import { reportInThread } from '../../../src/commands/report-files.ts';

const period = { from: new Date('2025-11-01T00:00:00Z'), to: new Date('2025-12-01T00:00:00Z') };

const row = (second: number) => ({
  TimeGenerated: `2025-11-02T08:00:${String(second).padStart(2, '0')}.1230000Z`,
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  Id: 'https://kv-prod.vault.azure.net/secrets/database-password/0123456789abcdef0123456789abcdef',
  CallerIpAddress: '203.0.113.7',
  CorrelationId: `6f1c1f6e-2a57-4a43-a5a0-3d1fbcb59d${String(second).padStart(2, '0')}`,
  Identity: { claim: { oid: 'aaaaaaaa-0000-4000-8000-000000000001' } },
  _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-prod',
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-thread-'));
  const lines = [...Array.from({ length: 40 }, (_, second) => JSON.stringify(row(second))), 'no JSON'];
  await writeFile(join(folder, 'rows.ndjson'), `${lines.join('\n')}\n`);
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function report(by: typeof produceFileReport, retrievals: string, out: string) {
  const said: string[] = [];
  const summary = await by(
    { retrievals, jobs: null, receipts: null },
    { period, frameworks: ['soc2'], out: join(folder, out), controls: null },
    {
      directory: folder,
      environment: { KEYTURN_ORGANISATION: 'Acme' },
      now: () => new Date('2026-01-02T06:00:00Z'),
      say: (line) => said.push(line),
    },
  );
  const contents = new Map<string, string>();
  for (const file of (await readdir(join(folder, out), { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  ))
    contents.set(file.name, (await readFile(join(file.parentPath, file.name))).toString('base64'));
  return { summary, said, contents };
}

describe('a report of files in a thread of its own', () => {
  it('has every byte of the one without, and says the same lines', async () => {
    const alone = await report(produceFileReport, 'rows.ndjson', 'alone');
    const inThread = await report(reportInThread, 'rows.ndjson', 'in-thread');
    expect(inThread).toEqual(alone);
    expect([alone.summary.reads.total, alone.contents.has('report.pdf')]).toEqual([40, true]);
    expect(alone.said[0]).toBe('41 rows in the files, 41 of them of the period or without a time.');
  });

  it('is refused by the same name if a file is missing', async () => {
    await expect(report(reportInThread, 'gone.ndjson', 'out')).rejects.toMatchObject({
      code: 'FILE_MISSING',
      details: { path: join(folder, 'gone.ndjson') },
    });
  });

  it('is begun once more without a limit if it needs more memory, and says each line once', async () => {
    const limits: unknown[] = [];
    const short: NonNullable<Parameters<typeof reportInThread>[3]> = async (task, given, say) => {
      limits.push(given.maxOldGenerationSizeMb);
      if (limits.length > 1)
        return await produceFileReport(task.files, task.order, { ...task, now: () => task.now, say });
      say('41 rows in the files, 41 of them of the period or without a time.');
      throw Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
    };
    const alone = await report(produceFileReport, 'rows.ndjson', 'alone');
    const again = await report(async (...given) => await reportInThread(...given, short), 'rows.ndjson', 'again');
    expect(limits).toEqual([1024, undefined]);
    expect(again).toEqual(alone);
  });

  it('is not begun again for any other fault', async () => {
    let begun = 0;
    const fails: NonNullable<Parameters<typeof reportInThread>[3]> = async () => {
      begun += 1;
      throw new Error('no disk');
    };
    const failed = report(async (...given) => await reportInThread(...given, fails), 'rows.ndjson', 'out');
    await expect(failed).rejects.toThrow('no disk');
    expect(begun).toBe(1);
  });

  it('leaves no temporary file behind', async () => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      await report(reportInThread, 'rows.ndjson', 'out');
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    expect((await readdir(folder)).sort()).toEqual(['.keyturn', 'out', 'rows.ndjson']);
  });
});
