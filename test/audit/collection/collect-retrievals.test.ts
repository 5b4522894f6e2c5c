import { describe, expect, it } from 'vitest';
import { canaryReads } from '../../../src/audit/collection/canary-ledger.ts';
import type { CanaryReader } from '../../../src/audit/collection/canary-reader.ts';
import { collectRetrievals } from '../../../src/audit/collection/collect-retrievals.ts';
import { periodRows } from '../../../src/audit/period/period-rows.ts';
import { retrievalCollection } from '../../../src/audit/collection/retrieval-collection.ts';
import { slicesOf } from '../../../src/audit/collection/slice.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { retrievalLogContract } from '../../contracts/retrieval-log.contract.ts';
import { eight, memoryLog, minuteMs, rowAt, world } from './log-world.ts';

const day = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };

async function idsIn(records: RecordStore): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for await (const { retrievals } of periodRows(records, day))
    found.push(...[...retrievals].map((one) => one.correlationId));
  return found;
}

async function slicesIn(records: RecordStore) {
  const found = [];
  for await (const slice of slicesOf(records, day)) found.push(slice);
  return found;
}

// Each `create` of the contract starts anew, so the adapter of this file is held to the same promises as the real one.
retrievalLogContract('memory', async (moments) => {
  const rows = moments.map((at, index) => rowAt(at, String(index)));
  const { log, state } = memoryLog(rows);
  return {
    log,
    limitRows: (most) => {
      state.mostRows = most;
    },
  };
});

describe('collecting log rows', () => {
  it('keeps each row once, in slices whose header says what was asked and counted', async () => {
    const { collect, records } = world([rowAt(eight, 'a'), rowAt(eight + 61 * minuteMs, 'b')]);
    expect(await collect()).toMatchObject({ rows: 2, intervalsNotRead: 0 });
    const slices = await slicesIn(records);
    expect(slices.map(({ header }) => [header.controlTotal, header.count, header.added])).toEqual([[2, 2, 2]]);
    expect(slices[0]?.header.answers).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(await idsIn(records)).toEqual(['a', 'b']);
  });

  it('reads an hour again when the store counts more in it than is held, and adds what is new', async () => {
    const { collect, records, state, clock, asked } = world([rowAt(eight, 'a')]);
    await collect();
    state.rows.push(rowAt(eight + minuteMs, 'late'));
    clock.at += 60 * minuteMs;
    asked.length = 0;
    expect(await collect()).toMatchObject({ rows: 1 });
    expect(asked).toEqual(['08:00:00-09:00:00', '10:00:00-11:30:00']);
    expect(await idsIn(records)).toEqual(['a', 'late']);
    asked.length = 0;
    await collect();
    expect(asked).not.toContain('08:00:00-09:00:00');
  });

  it('bisects a part until it has all of it', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => rowAt(eight + index * 1_700, `r${String(index)}`));
    const { collect, records, state } = world(rows);
    state.mostRows = 3;
    expect(await collect()).toMatchObject({ rows: 40, intervalsNotRead: 0 });
    expect(await idsIn(records)).toHaveLength(40);
    expect((await slicesIn(records))[0]?.header.answers.length).toBeGreaterThan(10);
  });

  it('puts on record what stays a part at one second, tries it again, and is content when it comes', async () => {
    const { collect, records, state, clock } = world([rowAt(eight, 'a'), rowAt(eight + minuteMs, 'stuck')]);
    state.broken = ['stuck'];
    expect(await collect()).toMatchObject({ rows: 1, intervalsNotRead: 1 });
    const stuck = await retrievalCollection(records);
    expect(stuck?.unread).toEqual([
      { from: '2026-03-02T08:01:00.000Z', to: '2026-03-02T08:01:01.000Z', why: 'LOG_QUERY_PARTIAL' },
    ]);
    expect(stuck?.watermark).toBe('2026-03-02T08:01:00.000Z');
    state.broken = [];
    clock.at += minuteMs;
    expect(await collect()).toMatchObject({ rows: 1, intervalsNotRead: 0 });
    expect((await retrievalCollection(records))?.unread).toEqual([]);
    expect(await idsIn(records)).toEqual(['a', 'stuck']);
  });

  it('does not believe an answer that holds fewer rows than the store counts', async () => {
    const { collect, records, state } = world([rowAt(eight, 'a'), rowAt(eight + minuteMs, 'b')]);
    state.hidden = 1;
    expect(await collect()).toMatchObject({ rows: 1, intervalsNotRead: 1 });
    expect((await retrievalCollection(records))?.unread).toMatchObject([{ why: 'FEWER_ROWS_THAN_COUNTED' }]);
    state.hidden = 0;
    expect(await collect()).toMatchObject({ rows: 1, intervalsNotRead: 0 });
  });

  it('rejects and takes nothing for read when the store does not answer', async () => {
    const { collect, records, state } = world([rowAt(eight, 'a')]);
    state.down = true;
    await expect(collect()).rejects.toMatchObject({ code: 'LOG_QUERY_FAILED' });
    expect(await retrievalCollection(records)).toBeNull();
  });

  it('keeps the rows when the canary cannot be read, and rejects with that', async () => {
    const { records, collect } = world([rowAt(eight, 'a')]);
    const refused = new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'timeout' });
    const canary = { read: () => Promise.reject(refused) };
    await expect(collect(canary)).rejects.toMatchObject({ code: 'VAULT_UNREACHABLE' });
    expect(await idsIn(records)).toEqual(['a']);
    expect((await retrievalCollection(records))?.readTo).toBe('2026-03-02T10:30:00.000Z');
  });

  it('reads again without a second copy when the process died behind the slice', async () => {
    const { collect, records, log, clock } = world([rowAt(eight, 'a')]);
    await collect();
    const other = memoryRecordStore();
    for await (const path of records.list('slices/')) {
      const stored = await records.read(path);
      if (stored !== null) await other.create(path, stored.bytes);
    }
    const again = { log, records: other, now: () => new Date(clock.at), firstPassMs: 180 * minuteMs };
    expect(await collectRetrievals(again)).toMatchObject({ rows: 0 });
    expect(await idsIn(other)).toEqual(['a']);
  });

  it('reads the canary of an hour that a clock forty days ahead took for its own, and files that read where its row is', async () => {
    const { collect, records, clock } = world();
    const vaultTime = { at: clock.at };
    let reads = 0;
    const canary: CanaryReader = {
      read() {
        reads += 1;
        const at = new Date(vaultTime.at).toISOString();
        return Promise.resolve([{ vault: 'kv', secret: 'canary', correlationId: `read-${String(reads)}`, at }]);
      },
    };
    clock.at += 40 * 1_440 * minuteMs;
    await collect(canary);
    expect((await canaryReads(records, day)).map(({ correlationId }) => correlationId)).toEqual(['read-1']);
    // The hour for which the wrong clock took it comes.
    vaultTime.at = clock.at;
    await collect(canary);
    expect(reads).toBe(2);
  });

  it('keeps each row once when two instances collect in the same second', async () => {
    const { collect, records } = world([rowAt(eight, 'a'), rowAt(eight + 61 * minuteMs, 'b')]);
    await Promise.all([collect(), collect()]);
    expect((await slicesIn(records)).flatMap(({ rows }) => rows)).toHaveLength(2);
  });

  it('collects again after an instance died while it collected, and after one whose clock was days ahead', async () => {
    const { collect, records, clock } = world([rowAt(eight, 'a')]);
    for (const taken of [clock.at + minuteMs, clock.at + 40 * 1_440 * minuteMs]) {
      const until = new Date(taken).toISOString();
      const stored = await records.read('collection/turn-only.json');
      const bytes = Buffer.from(`${JSON.stringify({ format: 1, until })}\n`);
      if (stored === null) await records.create('collection/turn-only.json', bytes);
      else await records.replace('collection/turn-only.json', bytes, stored.revision);
      clock.at += 11 * minuteMs;
      await collect();
      expect(await idsIn(records)).toEqual(['a']);
    }
  });

  it('leaves an hour alone whose rows two instances have kept, instead of a slice without rows in every pass', async () => {
    const { collect, records, clock, state } = world([rowAt(eight, 'a')]);
    await collect();
    const [slice] = await slicesIn(records);
    const stored = await records.read(slice?.path ?? '');
    await records.create((slice?.path ?? '').replace('0001', '0002'), stored?.bytes ?? new Uint8Array());
    state.rows.push(rowAt(eight + minuteMs, 'late'));
    for (const _ of [1, 2, 3, 4]) {
      clock.at += 60 * minuteMs;
      await collect();
    }
    const before = (await slicesIn(records)).filter(({ header }) => header.from < '2026-03-02T10:00');
    expect(before.map(({ rows }) => rows.length)).toEqual([1, 1, 1]);
    expect((await retrievalCollection(records))?.held).toEqual({ '2026-03-02T08:00:00Z': 2 });
  });

  it('keeps the same event from both tables as one, with both sources, and rows that are none as they are', async () => {
    const twice = [rowAt(eight, 'a', { Source: 'AZKVAuditLogs' }), rowAt(eight, 'a', { Source: 'AzureDiagnostics' })];
    const { collect, records } = world([...twice, rowAt(eight, 'x', { HttpStatusCode: null })]);
    await collect();
    for await (const found of periodRows(records, day)) {
      expect(found).toMatchObject({
        rowsRead: 3,
        excluded: [
          { step: 'a further record of an event that is already counted' },
          { step: 'not readable as an audit row' },
        ],
      });
      expect([...found.retrievals].map(({ sources }) => sources)).toEqual([['AZKVAuditLogs', 'AzureDiagnostics']]);
      expect(found.unreadable.map(({ reason }) => reason)).toEqual(['it has no HttpStatusCode']);
      expect(found.unreadable[0]?.place).toMatch(/^slices\/2026-03-02\/.*#3$/);
    }
  });

  it('never lets a slice pass midnight', async () => {
    const { collect, records, clock } = world([
      rowAt('2026-03-01T23:59:59.9999999Z', 'a'),
      rowAt(day.from.getTime(), 'b'),
    ]);
    clock.at = day.from.getTime() + 90 * minuteMs;
    await collect();
    expect((await slicesIn(records)).map(({ header }) => header.from)).toEqual(['2026-03-02T00:00:00.000Z']);
    expect(await idsIn(records)).toEqual(['b']);
  });

  it('refuses a slice that has lost a line', async () => {
    const { collect, records } = world([rowAt(eight, 'a')]);
    await collect();
    const [slice] = await slicesIn(records);
    const stored = await records.read(slice?.path ?? '');
    const cut =
      Buffer.from(stored?.bytes ?? [])
        .toString()
        .split('\n')[0] ?? '';
    await records.replace(slice?.path ?? '', Buffer.from(`${cut}\n`), stored?.revision ?? '');
    await expect(slicesIn(records)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});
