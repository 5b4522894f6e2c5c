import { describe, expect, it } from 'vitest';
import { ownReads, recordCheck } from '../../../src/audit/collection/own-read-ledger.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';

const period = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };

describe('the checks of the value in force', () => {
  it('are one record a secret and day, which the audit reads one by one', async () => {
    const records = memoryRecordStore();
    const times = ['2026-03-01T00:10:00.000Z', '2026-03-01T06:10:00.000Z', '2026-03-02T00:10:00.000Z'];
    for (const at of times) await recordCheck(records, { vault: 'kv', secret: 'App', version: 'v1', at });
    await recordCheck(records, { vault: 'kv', secret: 'other', version: 'v7', at: times[0] ?? '' });
    const paths: string[] = [];
    for await (const path of records.list('own-reads/')) paths.push(path);
    expect(paths.toSorted()).toEqual([
      'own-reads/2026-03-01/checks/kv/app.json',
      'own-reads/2026-03-01/checks/kv/other.json',
      'own-reads/2026-03-02/checks/kv/app.json',
    ]);
    const read = (await ownReads(records, period)).filter(({ secret }) => secret === 'App');
    expect(read.map(({ at }) => at)).toEqual(times);
    expect(new Set(read.map(({ purpose, version }) => `${purpose} ${version}`))).toEqual(new Set(['check v1']));
  });

  it('are all kept when two workers try a value at once', async () => {
    const records = memoryRecordStore();
    const at = '2026-03-01T00:10:00.000Z';
    const versions = ['v1', 'v2', 'v3', 'v4'];
    await Promise.all(versions.map((version) => recordCheck(records, { vault: 'kv', secret: 'app', version, at })));
    expect((await ownReads(records, period)).map(({ version }) => version).toSorted()).toEqual(versions);
  });
});
