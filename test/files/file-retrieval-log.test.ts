import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileRetrievalLog } from '../../src/files/file-retrieval-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-rows-'));
  await mkdir(join(folder, 'days'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const at = (TimeGenerated: string) => ({
  TimeGenerated,
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv',
});

async function logOf(rows: readonly unknown[]) {
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  await writeFile(join(folder, 'rows.ndjson'), text.join('\n'));
  return await fileRetrievalLog(join(folder, 'rows.ndjson'), join(folder, 'days'));
}

const eight = new Date('2026-03-02T08:00:00Z');
const nine = new Date('2026-03-02T09:00:00Z');

describe('the retrieval log of files', () => {
  it('gives the rows of a half-open interval as they are, ascending, with all seven digits', async () => {
    const log = await logOf([
      at('2026-03-02T09:00:00.0000000Z'),
      at('2026-03-02T08:59:59.1234568Z'),
      at('2026-03-02T08:59:59.1234567Z'),
      at('2026-03-02T08:00:00.0000000Z'),
      at('2026-03-02T07:59:59.9999999Z'),
    ]);
    const { rows } = await log.rows({ from: eight, to: nine });
    expect(rows.map((row) => row['TimeGenerated'])).toEqual([
      '2026-03-02T08:00:00.0000000Z',
      '2026-03-02T08:59:59.1234567Z',
      '2026-03-02T08:59:59.1234568Z',
    ]);
    expect(log.total).toBe(5);
  });

  it.each([
    ['in order', [1, 2, 3, 4, 5, 6]],
    ['in any order', [5, 2, 6, 1, 4, 3]],
  ])('gives the rows of whole days ascending, which came %s', async (_, numbers) => {
    const timeOf = (number: number) => `2026-03-0${String(Math.ceil(number / 3))}T08:00:00.123456${String(number)}Z`;
    const log = await logOf(numbers.map((number) => at(timeOf(number))));
    const days = ['2026-03-01', '2026-03-02', '2026-03-03'].map((day) => new Date(`${day}T00:00:00Z`));
    const timesOf = async (from: number, to: number) => {
      const { rows } = await log.rows({ from: days[from] ?? eight, to: days[to] ?? eight });
      return rows.map((row) => row['TimeGenerated']);
    };
    expect(await timesOf(0, 1)).toEqual([1, 2, 3].map(timeOf));
    expect(await timesOf(1, 2)).toEqual([4, 5, 6].map(timeOf));
    expect(await timesOf(0, 2)).toEqual([1, 2, 3, 4, 5, 6].map(timeOf));
  });

  it('keeps a row with a line to itself as it was written, and says its digest', async () => {
    const written = `{ "TimeGenerated": "2026-03-02T08:10:00.0000000Z", "DurationMs": 1.50 }`;
    const log = await logOf([`${written}\r`]);
    const { rows, answerSha256 } = await log.rows({ from: eight, to: nine });
    expect(rows).toEqual([JSON.parse(written)]);
    expect(answerSha256).toBe(createHash('sha256').update(`${written}\n`).digest('hex'));
  });

  it('keeps rows that are longer than a piece of the file, or divided by one, in their order', async () => {
    const written = Array.from({ length: 5 }, (_, number) =>
      JSON.stringify({ ...at('2026-03-02T08:10:00.0000000Z'), number, text: 'é'.repeat(400_000 * number) }),
    );
    const log = await logOf(written.map((line) => `${line}\r`));
    const { bytes, count } = await log.lines({ from: eight, to: nine });
    expect(count).toBe(5);
    expect(bytes.toString('utf8')).toBe(written.map((line) => `${line}\n`).join(''));
  });

  it('counts each hour, of rows inside the interval alone', async () => {
    const log = await logOf([at('2026-03-02T08:10:00Z'), at('2026-03-02T08:50:00Z'), at('2026-03-02T10:00:00Z')]);
    const half = new Date('2026-03-02T08:30:00Z');
    expect([...(await log.controlTotals({ from: half, to: new Date('2026-03-03T00:00:00Z') }))]).toEqual([
      ['2026-03-02T08:00:00Z', 1],
      ['2026-03-02T10:00:00Z', 1],
    ]);
  });

  it('files archive records and wrapped ones by their own time, whatever its zone and digits', async () => {
    const { TimeGenerated: _, ...row } = at('');
    const log = await logOf([
      { record: { ...row, time: '2026-03-02T08:00:01.5Z' } },
      { ...row, time: '2026-03-02T10:30:00+02:00' },
    ]);
    expect((await log.rows({ from: eight, to: nine })).rows).toHaveLength(2);
  });

  it('keeps what it cannot understand: lines that are no JSON, rows without a time, what is no object', async () => {
    const log = await logOf([at('2026-03-02T08:00:00Z'), 'no json', { OperationName: 'SecretGet' }, 7]);
    expect([log.total, log.undated]).toEqual([4, 3]);
    const first = await log.rows({ from: eight, to: nine });
    expect(first.rows).toHaveLength(4);
    // Once: a second interval does not count them again.
    expect((await log.rows({ from: eight, to: nine })).rows).toHaveLength(1);
    expect(JSON.stringify(first.rows)).not.toContain('no json');
  });

  it('names the vaults of an interval', async () => {
    const other = { ...at('2026-03-05T08:00:00Z'), _ResourceId: at('')._ResourceId.replace('/kv', '/other') };
    const log = await logOf([at('2026-03-02T08:00:00Z'), other]);
    expect(log.vaults({ from: eight, to: nine })).toEqual(['kv']);
    expect(log.vaults({ from: eight, to: new Date('2026-03-06T00:00:00Z') })).toEqual(['kv', 'other']);
  });

  it('answers an interval without rows with none', async () => {
    const log = await logOf([]);
    expect((await log.rows({ from: eight, to: nine })).rows).toEqual([]);
    expect((await log.controlTotals({ from: eight, to: nine })).size).toBe(0);
  });
});
