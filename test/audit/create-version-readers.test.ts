import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVersionReaders } from '../../src/audit/create-version-readers.ts';
import { readJobCollection, saveUnlessOvertaken } from '../../src/audit/collection/job-collection.ts';
import { recordJob } from '../../src/audit/collection/job-ledger.ts';
import { saveRetrievalCollection } from '../../src/audit/collection/retrieval-collection.ts';
import { writeSlice } from '../../src/audit/collection/slice.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { journalOfSecret } from '../rotation/world/by-hand.ts';
import { bindingOf, hourMs, rotationWorld } from '../rotation/world/rotation-world.ts';
import * as given from './attribution-fixtures.ts';
import { bound } from './finding-fixtures.ts';

const dayMs = 24 * hourMs;
const first = Date.parse('2026-02-25T00:00:00Z');
const last = Date.parse('2026-03-03T12:00:00Z');
const policy = bound({});

/** Each of these versions was read once an hour, by a job that still runs where its number is even. */
async function collected(): Promise<RecordStore> {
  const records = memoryRecordStore();
  for (const id of [1, 2, 3, 4])
    await recordJob(
      records,
      given.job(id, { startedAt: new Date(first).toISOString(), completedAt: null, status: 'in_progress' }),
    );
  for (let day = first; day < last; day += dayMs) await collectDay(records, day);
  const [since, readTo] = [new Date(first).toISOString(), new Date(last).toISOString()];
  const state = { format: 1, since, readTo, watermark: readTo, held: {}, unread: [], queries: {} } as const;
  await saveRetrievalCollection(records, state, null);
  const unfinished = [2, 4].map((id) => ({ job: given.job(id, { status: 'in_progress' }), seenAt: readTo }));
  await saveUnlessOvertaken(records, { format: 1, marks: {}, completeTo: readTo, unfinished, notRead: [] }, null);
  return records;
}

async function collectDay(records: RecordStore, day: number): Promise<void> {
  const rows = Array.from({ length: 24 }, (_, hour) => [1, 2, 3, 4].map((id) => rowOf(day + hour * hourMs, id))).flat();
  const counts = { controlTotal: rows.length, count: rows.length, added: rows.length };
  const [from, to] = [new Date(day).toISOString(), new Date(day + dayMs).toISOString()];
  const header = { format: 1 as const, from, to, query: { name: 'q', sha256: 'q' }, ...counts, answers: [] };
  await writeSlice(records, { ...header, collectedAt: to }, rows);
}

function rowOf(at: number, id: number) {
  return {
    TimeGenerated: new Date(at).toISOString().replace('Z', '0000Z'),
    OperationName: 'SecretGet',
    HttpStatusCode: 200,
    ResultSignature: 'OK',
    Id: `https://kv.vault.azure.net/secrets/database/v${String(id)}`,
    RequestUri: 'https://kv.vault.azure.net/secrets/database/?api-version=7.6',
    Identity: { claim: { oid: 'shared', appid: 'app' } },
    CallerIpAddress: '20.1.1.1',
    ClientInfo: given.stamp(id),
    CorrelationId: `c${String(id)}-${String(at)}`,
    _ResourceId: '/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/kv',
  };
}

/** The store, and how often each kind of record was read from it. */
function counted(records: RecordStore): { readonly records: RecordStore; readonly reads: (folder: string) => number } {
  const paths: string[] = [];
  const read = async (path: string) => {
    paths.push(path);
    return await records.read(path);
  };
  return { records: { ...records, read }, reads: (folder) => paths.filter((path) => path.startsWith(folder)).length };
}

const version = (id: number) => ({ vault: 'kv', name: 'database', version: `v${String(id)}` });
const at = (hours: number) => new Date(last - hours * hourMs);

describe('the readers of old versions', () => {
  it('are found by one reading of the log in a pass, however many credentials wait', async () => {
    const readingsOf = async (waiting: number) => {
      const log = counted(await collected());
      const names = Array.from({ length: waiting }, (_, index) => `app-${String(index)}`);
      const world = rotationWorld(names.map((name) => bindingOf(name, 'mint')));
      const readers = createVersionReaders({ records: log.records, policy: () => policy, now: world.tools.now });
      const tools = { ...world.tools, readers };
      await reconcileRotations(tools);
      world.advance(2 * hourMs);
      await reconcileRotations(tools);
      // All of them were asked about: hours without a canary's row hold each back.
      for (const name of names)
        expect((await journalOfSecret(world, name)).at(-1)?.facts.waitsFor?.map(({ code }) => code)).toContain('gap');
      return { slices: log.reads('slices/'), jobs: log.reads('jobs/') };
    };
    const alone = await readingsOf(1);
    expect(alone.slices).toBeGreaterThan(0);
    expect(await readingsOf(6)).toEqual(alone);
  });

  it('are the same as if each question had a reading of its own, whatever was asked before', async () => {
    const records = await collected();
    const ports = { records, policy: () => policy, now: () => new Date(last) };
    const question = fc.record({ id: fc.integer({ min: 1, max: 5 }), hours: fc.integer({ min: -2, max: 160 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 6 }), fc.boolean(), async (asked, together) => {
        const { readersOf } = createVersionReaders(ports);
        const ask = async ({ id, hours }: (typeof asked)[number]) => await readersOf(version(id), at(hours));
        const shared = together ? await Promise.all(asked.map(ask)) : [];
        if (!together) for (const one of asked) shared.push(await ask(one));
        for (const [index, { id, hours }] of asked.entries())
          expect(shared[index]).toEqual(await createVersionReaders(ports).readersOf(version(id), at(hours)));
      }),
      { numRuns: 12 },
    );
    const { running, reads } = await createVersionReaders(ports).readersOf(version(2), at(5));
    expect(running).toEqual(['acme/shop 10/2.1']);
    expect(reads.map(({ job }) => job)).toEqual(Array.from({ length: 5 }, () => 'acme/shop 10/2.1'));
  });

  it('are looked for again when more was collected, a job has ended, the policy is another, or time has passed', async () => {
    const { records, reads } = counted(await collected());
    let now = last;
    let inForce = policy;
    const { readersOf } = createVersionReaders({ records, policy: () => inForce, now: () => new Date(now) });
    const readings = async () => {
      const before = reads('slices/');
      const found = await readersOf(version(2), at(5));
      return { found, isNew: reads('slices/') > before };
    };
    expect((await readings()).isNew).toBe(true);
    now += 4 * 60_000;
    expect((await readings()).isNew).toBe(false);
    now += 60_000;
    expect((await readings()).isNew).toBe(true);
    now -= hourMs;
    expect((await readings()).isNew).toBe(true);
    inForce = bound({});
    expect((await readings()).isNew).toBe(true);
    const { state, revision } = await readJobCollection(records);
    await saveUnlessOvertaken(records, { ...state, unfinished: [] }, revision);
    const after = await readings();
    expect(after.isNew).toBe(true);
    expect(after.found.running).toEqual([]);
  });

  it('are asked for again after a reading that failed', async () => {
    const records = await collected();
    let fails = true;
    const read = async (path: string) => {
      if (fails && path.startsWith('slices/')) throw new Error('no disk');
      return await records.read(path);
    };
    const ports = { records: { ...records, read }, policy: () => policy, now: () => new Date(last) };
    const { readersOf } = createVersionReaders(ports);
    await expect(readersOf(version(1), at(5))).rejects.toThrow('no disk');
    fails = false;
    expect((await readersOf(version(1), at(5))).reads).not.toEqual([]);
  });

  it('cost few readings though each question reaches further back than the one before', async () => {
    const { records, reads } = counted(await collected());
    const { readersOf } = createVersionReaders({ records, policy: () => policy, now: () => new Date(last) });
    let readings = 0;
    for (let hours = 0; hours < 24 * 60; hours += 24) {
      const before = reads('jobs/');
      await readersOf(version(1), at(hours));
      if (reads('jobs/') > before) readings += 1;
    }
    expect(readings).toBeLessThanOrEqual(7);
  });
});
