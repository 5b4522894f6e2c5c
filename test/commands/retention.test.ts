import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeKeyturn } from '../../src/compose.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { type Called, callCommand } from './call-command.ts';

let folder: string;
let environment: Record<string, string>;
let records: RecordStore;
const now = new Date('2029-06-15T06:00:00Z');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-retention-'));
  environment = {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: 'http://localhost:9',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
    KEYTURN_DATA: join(folder, 'data'),
    KEYTURN_RETENTION: 'downloads=730d, journals=keep',
  };
  ({ records } = await composeKeyturn(environment));
  const record = Buffer.from('{}\n');
  await records.create('downloads/2026-Q1/2027-04-01T10-00-00-000Z-a.json', record);
  await records.create('slices/2026-03-09/000000000-010000000-0001.ndjson', record);
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(words, { environment, directory: folder, now: () => now });

describe('keyturn retention', () => {
  it('shows how long each kind is kept', async () => {
    const { code, printed } = await call('retention');
    expect(code).toBe(0);
    expect(printed).toEqual(
      expect.arrayContaining([
        'slices        kept for 1095d',
        'downloads     kept for 730d',
        'journals      kept for ever',
      ]),
    );
  });

  it('prints what the next pass deletes and why the rest stays, and deletes nothing', async () => {
    const { printed } = await call('retention', '--plan');
    expect(printed).toEqual([
      'slices/2026-03-09/  1 record of slices: stays: no final pack holds it and the 31 days after it',
      'downloads/2026-Q1/  1 record of downloads: goes, kept for 730d',
      'The next pass deletes 1 record.',
    ]);
    expect((await call('retention', '--plan', '--json')).printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      { kind: 'slices', name: 'slices/2026-03-09/', records: 1, goes: false, because: 'not-sealed', hold: null },
      { kind: 'downloads', name: 'downloads/2026-Q1/', records: 1, goes: true, rule: '730d' },
    ]);
    expect(await records.read('downloads/2026-Q1/2027-04-01T10-00-00-000Z-a.json')).not.toBeNull();
  });

  it('tells what the daily pass of the reporter has deleted', async () => {
    const { keyturn } = await composeKeyturn({ ...environment, KEYTURN_REPORT_PERIODS: 'none' }, { now: () => now });
    expect(await keyturn.produceReports()).toMatchObject({ counts: { deleted: 1 } });
    expect(await records.read('downloads/2026-Q1/2027-04-01T10-00-00-000Z-a.json')).toBeNull();
    const { printed } = await call('retention');
    expect(printed).toContain('downloads     kept for 730d; 1 record deleted, up to 2027-04-02');
  });
});

describe('the pack of a period', () => {
  it('says what was deleted and held in it, and seals the head of that record', async () => {
    const before = new Date('2029-06-14T06:00:00Z');
    const words = ['hold', 'add', '--reason', 'case 4711', '--period', '2028'];
    await callCommand(words, { environment, directory: folder, now: () => before });
    const { keyturn } = await composeKeyturn({ ...environment, KEYTURN_REPORT_PERIODS: 'none' }, { now: () => now });
    await keyturn.produceReports();
    const out = join(folder, 'pack');
    expect((await call('report', '--period', '2029-06-15..2029-06-15', '--out', out)).code).toBe(0);
    const rows = async (file: string) =>
      (await readFile(join(out, `${file}.ndjson`), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(await rows('holds')).toMatchObject([{ number: 1, reason: 'case 4711', lifted: null }]);
    expect(await rows('deletions')).toMatchObject([
      { number: 2, kind: 'downloads', rule: '730d', records: 1, kept: 0 },
    ]);
    expect(await rows('journals')).toMatchObject([{ journal: 'retention/entries', entries: 3 }]);
    expect((await rows('journal-entries')).map(({ number }) => number)).toEqual([2, 3]);
  });
});

describe('keyturn hold', () => {
  it('keeps what it holds until it is lifted, with the reason of each', async () => {
    const added = await call('hold', 'add', '--reason', 'case 4711', '--period', '2027');
    expect([added.code, added.printed]).toEqual([
      0,
      ['Hold 1 is on record: nothing of 2027-01-01 to 2028-01-01 is deleted until it is lifted.'],
    ]);
    expect((await call('hold')).printed).toEqual([
      expect.stringMatching(/^1 {2}since 2029-06-15 {2}of 2027-01-01 to 2028-01-01 {2}by \S+: case 4711$/),
    ]);
    expect((await call('retention', '--plan')).printed).toContain(
      'downloads/2026-Q1/  1 record of downloads: stays: hold 1',
    );
    expect((await call('retention')).printed).toContain('1 hold counts: keyturn hold list.');
    expect((await call('hold', '--json')).printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { number: 1, reason: 'case 4711', from: '2027-01-01T00:00:00.000Z', to: '2028-01-01T00:00:00.000Z' },
    ]);
    expect((await call('hold', 'lift', '1', '--reason', 'closed')).printed).toEqual(['Hold 1 is lifted.']);
    expect((await call('hold')).printed).toEqual(['Nothing is held.']);
    expect((await call('retention', '--plan')).printed.at(-1)).toBe('The next pass deletes 1 record.');
  });

  it('is refused without a reason, for a hold that is not there, and with what does not belong to it', async () => {
    for (const words of [
      ['add'],
      ['lift', '7', '--reason', 'x'],
      ['lift', '--reason', 'x'],
      ['list', '--reason', 'x'],
      ['add', '3', '--reason', 'x'],
    ])
      expect([words, (await call('hold', ...words)).code]).toEqual([words, 2]);
  });
});
