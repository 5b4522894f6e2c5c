import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attributeFiles } from '../../../src/audit/join/attribute-files.ts';
import { publishedContract, unlessContractsAreAbsent } from '../../published-contracts.ts';

const records = publishedContract('05-audit-records/keyvault-audit-records.ndjson');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-attribute-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const row = {
  time: '2026-03-02T08:00:00.0000000Z',
  operationName: 'SecretGet',
  correlationId: '11111111-2222-4333-8444-555555555555',
  identity: { claim: { oid: 'a1' } },
  properties: {
    httpStatusCode: 200,
    id: 'https://kv.vault.azure.net/secrets/x/1',
    requestUri: 'https://kv.vault.azure.net/secrets/x',
  },
  resourceId: '/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/KV',
};

async function file(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.join('\n'));
  return path;
}

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

describe('attributing files', () => {
  it('of only the real records states what is missing', unlessContractsAreAbsent, async () => {
    const out = join(folder, 'out.ndjson');
    const outcome = await attributeFiles({ retrievals: records, out });
    expect(outcome).toMatchObject({
      rows: 29,
      attributed: 3,
      unreadable: 0,
      grades: { person: 2, unattributed: 1 },
      lacks: [
        'No jobs were given, so no read can be tied to a job.',
        'No receipts were given, so no read can be better than inferred or claimed.',
        'No policy names the identities of runners, so no read can be better than claimed.',
      ],
    });
    expect((await linesOf(out)).map(({ grade }) => grade)).toEqual(['person', 'unattributed', 'person']);
  });

  it('counts a broken line and a row without status, with their places, and continues', async () => {
    const { properties, ...bare } = row;
    const path = await file('rows.ndjson', [JSON.stringify(row), '{broken', JSON.stringify(bare), JSON.stringify(row)]);
    const out = join(folder, 'out.ndjson');
    const outcome = await attributeFiles({ retrievals: path, out });
    expect(outcome).toMatchObject({ rows: 4, attributed: 2, unreadable: 2 });
    expect(outcome.unreadableRows).toEqual([
      { place: `${path}:2`, reason: 'it is not valid JSON' },
      { place: `${path}:3`, reason: 'it has no HttpStatusCode' },
    ]);
    expect(properties).toBeDefined();
  });

  it('loses only the first row to a broken first line', async () => {
    const path = await file('rows.ndjson', ['{broken', JSON.stringify(row), JSON.stringify(row)]);
    const outcome = await attributeFiles({ retrievals: path, out: join(folder, 'out.ndjson') });
    expect(outcome).toMatchObject({ rows: 3, attributed: 2 });
    expect(outcome.unreadableRows).toEqual([{ place: `${path}:1`, reason: 'it is not valid JSON' }]);
  });

  it('reads a folder of archives, including one value over many lines', async () => {
    await file('a.json', [JSON.stringify({ records: [row, row] }, null, 2)]);
    await file('b.ndjson', [JSON.stringify(row)]);
    await file('notes.txt', ['no row']);
    const outcome = await attributeFiles({ retrievals: folder, out: join(folder, 'out') });
    expect(outcome).toMatchObject({ rows: 3, attributed: 3 });
  });

  it('names an invalid job', async () => {
    const retrievals = await file('rows.ndjson', [JSON.stringify(row)]);
    const jobs = await file('jobs.ndjson', ['{"format":1}']);
    await expect(attributeFiles({ retrievals, jobs, out: join(folder, 'out') })).rejects.toMatchObject({
      code: 'RECORD_UNREADABLE',
      details: { path: `${jobs}:1` },
    });
    await expect(attributeFiles({ retrievals: join(folder, 'absent') })).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
  });

  it('names a file that it cannot write, both at the start and later', async () => {
    const retrievals = await file('rows.ndjson', [JSON.stringify(row)]);
    const refused = { code: 'OUTPUT_NOT_WRITTEN' };
    await expect(attributeFiles({ retrievals, out: join(folder, 'none', 'out') })).rejects.toMatchObject(refused);
    if (existsSync('/dev/full'))
      await expect(attributeFiles({ retrievals, out: '/dev/full' })).rejects.toMatchObject({
        ...refused,
        details: { path: '/dev/full', reason: 'ENOSPC' },
      });
  });

  it('counts a line that is nested too deeply as unreadable, and continues', async () => {
    const deep = (open: string, close: string) => `${open.repeat(60_000)}1${close.repeat(60_000)}`;
    const pretty = await file('deep.json', ['[', deep('[', ']'), ']']);
    expect(await attributeFiles({ retrievals: pretty, out: join(folder, 'out') })).toMatchObject({ unreadable: 1 });
    const wide = JSON.stringify({ ...row, properties: { ...row.properties, resultDescription: '[{"\\'.repeat(500) } });
    const many = JSON.stringify({ records: Array.from({ length: 200 }, () => row) });
    const rows = await file('rows.ndjson', [deep('{"record":', '}'), wide, many, deep('[', ']')]);
    const { attributed, unreadableRows } = await attributeFiles({ retrievals: rows, out: join(folder, 'out') });
    expect([attributed, unreadableRows]).toEqual([
      201,
      [1, 4].map((line) => ({ place: `${rows}:${String(line)}`, reason: 'it is nested too deeply' })),
    ]);
  });
});
