import { describe, expect, it } from 'vitest';
import { collectJobs } from '../../../src/audit/collection/collect-jobs.ts';
import { inventoryAt, recordInventory } from '../../../src/audit/collection/inventory-ledger.ts';
import { jobCollection } from '../../../src/audit/collection/job-collection.ts';
import type { JobFeed } from '../../../src/audit/collection/job-feed.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import { namedJobs, nameJobs } from '../../../src/audit/collection/named-jobs.ts';
import { jobsOf, recordJob } from '../../../src/audit/collection/job-ledger.ts';
import { type LedgerReceipt, receiptsOf, recordPostedReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import { formatReceiptLine } from '../../../src/provenance/receipt-line.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { job, logged, moment, receipt } from '../attribution-fixtures.ts';

const march = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') };
const now = () => new Date(moment(700));
// Five minutes on, as the timer has it.
const nextPass = () => new Date(moment(1_000));

async function jobsIn(records: RecordStore): Promise<Job[]> {
  const found: Job[] = [];
  for await (const one of jobsOf(records, march)) found.push(one);
  return found;
}

async function receiptsIn(records: RecordStore): Promise<LedgerReceipt[]> {
  const found: LedgerReceipt[] = [];
  for await (const one of receiptsOf(records, march)) found.push(one);
  return found;
}

/** A feed that tells the jobs and logs it is given; `logs` by job id. */
function feedOf(jobs: readonly Job[], logs: Readonly<Record<number, string | null>> = {}): JobFeed {
  return {
    instance: 'aaaaaaaa',
    whole: () => true,
    async *jobs({ marks, named }) {
      const mark = marks['site'] ?? 0;
      const asked = new Set(named.map(({ jobId }) => jobId));
      const told = jobs.filter(({ jobId }) => jobId > mark || asked.has(jobId));
      for (const one of told) yield { kind: 'job', job: one, endedBefore: one.attempt - 1 };
      yield { kind: 'list-read', list: 'site', highestJobId: Math.max(mark, ...told.map(({ jobId }) => jobId)) };
    },
    job: ({ jobId }) => {
      const found = jobs.find((one) => one.jobId === jobId);
      return Promise.resolve(found === undefined ? null : { job: found, endedBefore: found.attempt - 1 });
    },
    log: (one) => Promise.resolve(logs[one.jobId] ?? null),
  };
}

describe('the job ledger', () => {
  it('keeps the newest word, each attempt by itself, and what Gitea said over what a hook said', async () => {
    const records = memoryRecordStore();
    const running = job(1, { status: 'in_progress', completedAt: null, conclusion: null });
    expect(await recordJob(records, { ...running, known: 'hook' })).toBe(true);
    expect(await recordJob(records, running)).toBe(true);
    expect(await recordJob(records, { ...job(1), known: 'hook' })).toBe(false);
    expect(await recordJob(records, job(1))).toBe(true);
    expect(await recordJob(records, running)).toBe(false);
    await recordJob(records, job(1, { attempt: 2 }));
    expect(await jobsIn(records)).toEqual([job(1), job(1, { attempt: 2 })]);
  });

  it('keeps the name that a repository had when the job was first seen', async () => {
    const records = memoryRecordStore();
    await recordJob(records, job(1, { status: 'in_progress', completedAt: null }));
    await recordJob(records, job(1, { repository: 'acme/renamed' }));
    expect(await jobsIn(records)).toMatchObject([{ repository: 'acme/shop', status: 'completed' }]);
  });
});

describe('collecting jobs', () => {
  it('goes on behind a log that cannot be read, and tries that one again', async () => {
    const records = memoryRecordStore();
    const jobs = [job(1), job(2)];
    const broken = feedOf(jobs, { 2: 'nothing' });
    const refused = new ServiceError('GITEA_UNREACHABLE', { gitea: 'https://gitea', reason: 'status 500' });
    const log = (one: Job) => (one.jobId === 1 ? Promise.reject(refused) : broken.log(one));
    const first = await collectJobs({ feed: { ...broken, log }, records, now });
    expect(first).toMatchObject({ jobs: 2, logs: 1, logsNotRead: 1, unfinished: 2 });
    expect((await jobCollection(records))?.marks).toEqual({ site: 2 });
    const later = feedOf(jobs, { 1: formatReceiptLine(receipt(1, 'c1')), 2: 'nothing' });
    expect(await collectJobs({ feed: later, records, now: nextPass })).toMatchObject({
      logs: 1,
      receipts: 1,
      unfinished: 1,
    });
  });

  it('keeps the receipts of a log once, with the job whose log it was', async () => {
    const records = memoryRecordStore();
    const own = receipt(1, 'c1');
    const copied = receipt(2, 'c2');
    const log = [
      '2026-03-02T08:00:01.0000000Z hello',
      `2026-03-02T08:00:02Z ${formatReceiptLine(own)}`,
      formatReceiptLine(copied),
    ];
    const feed = feedOf([job(1)], { 1: log.join('\n') });
    expect(await collectJobs({ feed, records, now })).toEqual({
      jobs: 1,
      logs: 1,
      receipts: 2,
      logsNotRead: 0,
      refusals: 0,
      unfinished: 1,
    });
    expect(await collectJobs({ feed, records, now: nextPass })).toMatchObject({
      jobs: 0,
      logs: 0,
      receipts: 0,
      unfinished: 0,
    });
    const held = await receiptsIn(records);
    expect(held.map(({ receipt: one, log: where, channel }) => [one, where?.jobId, channel])).toEqual([
      [own, 1, 'logged'],
      [copied, 1, 'logged'],
    ]);
  });

  it('asks again for a job that runs, and for a log that is still to come, but not for ever', async () => {
    const records = memoryRecordStore();
    const running = job(1, { status: 'in_progress', completedAt: null });
    await collectJobs({ feed: feedOf([running]), records, now });
    expect((await jobCollection(records))?.unfinished).toEqual([{ job: running, seenAt: moment(700) }]);
    expect(await collectJobs({ feed: feedOf([job(1)]), records, now })).toMatchObject({ unfinished: 1, logs: 0 });
    const later = () => new Date(moment(600 + 3_601));
    expect(await collectJobs({ feed: feedOf([job(1)]), records, now: later })).toMatchObject({ unfinished: 0 });
    expect(await receiptsIn(records)).toEqual([]);
  });

  it('tells which logs were read whole: those that two readings agree on, not those that Gitea no longer had', async () => {
    const records = memoryRecordStore();
    const later = () => new Date(moment(600 + 3_601));
    const feed = feedOf([job(1), job(2)], { 1: 'a log without receipts' });
    const harvested = async () => {
      const keys: string[] = [];
      for await (const one of receiptsOf(records, march, (key) => keys.push(key))) throw new Error(one.reference);
      return keys;
    };
    await collectJobs({ feed, records, now: later });
    expect(await harvested()).toEqual([]);
    await collectJobs({ feed, records, now: later });
    expect(await harvested()).toEqual(['aaaaaaaa-1-1']);
  });

  it('keeps a named job named if another pass saved its state first, which did not ask for it', async () => {
    const records = memoryRecordStore();
    await collectJobs({ feed: feedOf([job(9)], { 9: '' }), records, now });
    await nameJobs(records, [{ jobId: 1, repositoryId: 1, repository: null }], now());
    const running = job(1, { attempt: 2, status: 'in_progress', completedAt: null });
    const slow = feedOf([running]);
    const overtaken: JobFeed = {
      ...slow,
      async *jobs(question) {
        yield* slow.jobs(question);
        await collectJobs({ feed: feedOf([]), records, now });
      },
    };
    await collectJobs({ feed: overtaken, records, now });
    expect(await namedJobs(records)).toMatchObject([{ jobId: 1 }]);
    await collectJobs({ feed: slow, records, now });
    expect(await namedJobs(records)).toEqual([]);
    expect((await jobCollection(records))?.unfinished).toContainEqual({ job: running, seenAt: moment(700) });
  });

  it('moves its mark by what it saw', async () => {
    const records = memoryRecordStore();
    await collectJobs({ feed: feedOf([job(4), job(9)], { 4: '', 9: '' }), records, now });
    expect(await jobCollection(records)).toMatchObject({ marks: { site: 9 }, completeTo: moment(700) });
  });
});

describe('posted receipts', () => {
  it('are kept once however often they are posted, and another of the same place beside them', async () => {
    const records = memoryRecordStore();
    const postedAt = new Date(moment(101));
    const first = await recordPostedReceipt(records, receipt(1, 'c1'), { postedAt });
    expect(first.isNew).toBe(true);
    expect(await recordPostedReceipt(records, receipt(1, 'c1'), { postedAt })).toEqual({ ...first, isNew: false });
    expect((await recordPostedReceipt(records, receipt(1, 'c9'), { postedAt })).isNew).toBe(true);
    const held = await receiptsIn(records);
    expect(held).toHaveLength(2);
    expect(held.find(({ reference }) => reference === first.reference)).toMatchObject({
      receipt: receipt(1, 'c1'),
      channel: 'posted',
      log: null,
    });
    expect(logged(receipt(1, 'c1')).channel).toBe('logged');
  });
});

describe('the inventory', () => {
  const entry = {
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    enabled: true,
    created: moment(0),
    expires: null,
    environment: null,
    issuer: null,
    validityDays: null,
  };

  it('is the newest of a day, and the newest day at or before the moment', async () => {
    const records = memoryRecordStore();
    expect(await inventoryAt(records, new Date(moment(0)))).toBeNull();
    await recordInventory(records, [entry], new Date(moment(0)));
    await recordInventory(records, [{ ...entry, version: 'v2' }], new Date(moment(60)));
    await recordInventory(records, [{ ...entry, version: 'stale' }], new Date(moment(30)));
    await recordInventory(records, [{ ...entry, version: 'v3' }], new Date('2026-03-09T00:00:00Z'));
    expect((await inventoryAt(records, new Date('2026-03-08T00:00:00Z')))?.entries).toEqual([
      { ...entry, version: 'v2' },
    ]);
    expect((await inventoryAt(records, new Date('2026-04-01T00:00:00Z')))?.at).toBe('2026-03-09T00:00:00.000Z');
    expect(await inventoryAt(records, new Date('2026-03-01T00:00:00Z'))).toBeNull();
    await recordInventory(records, [entry], new Date('2026-04-01T07:00:00Z'));
    expect((await inventoryAt(records, new Date('2026-04-01T00:00:00Z')))?.at).toBe('2026-03-09T00:00:00.000Z');
  });
});
