import { describe, expect, it } from 'vitest';
import type { JobFeed } from '../../../src/audit/collection/job-feed.ts';
import { receiptsOf } from '../../../src/audit/collection/receipt-ledger.ts';
import { mostReceiptsPerTask, refusedReceipts } from '../../../src/audit/collection/receipt-room.ts';
import { recordReceipts } from '../../../src/audit/collection/record-receipts.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import type { Receipt } from '../../../src/provenance/receipt.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { job, moment, receipt } from '../attribution-fixtures.ts';
import { found, of } from '../finding-fixtures.ts';

const march = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') };
const now = () => new Date(moment(700));

/** A Gitea that tells this job, or nothing. */
function feedOf(told: Job | null, whole = true): JobFeed {
  return {
    instance: 'unused',
    whole: () => whole,
    jobs: async function* jobs() {},
    job: () => Promise.resolve(told === null ? null : { job: told, endedBefore: 0 }),
    log: () => Promise.resolve(null),
  };
}

function start(told: Job | null = job(1), whole = true) {
  const records = memoryRecordStore();
  const post = async (receipts: readonly Receipt[]) =>
    await recordReceipts({ feed: feedOf(told, whole), records, now }, receipts);
  const stored = async () => {
    let count = 0;
    for await (const one of receiptsOf(records, march)) count += one.channel === 'posted' ? 1 : 0;
    return count;
  };
  return { records, post, stored };
}

/** Receipts of one job, in chains of a hundred, as many posts send them. */
const many = (count: number, jobId = 1) =>
  Array.from({ length: count }, (_, index) => receipt(jobId, `c${String(index)}`, { sequence: index + 1 }));

describe('receipts of a job', () => {
  it('are stored if Gitea tells the same attempt and repository', async () => {
    const { post, stored } = start();
    expect([await post(many(2)), await stored()]).toEqual(['recorded', 2]);
  });

  it.each([{ attempt: 77 }, { repositoryId: 202 }])(
    'with other numbers (%j) than Gitea tells are refused',
    async (other) => {
      const { post, stored } = start();
      const forged = many(2).map((one) => ({ ...one, job: { ...one.job, ...other } }));
      expect([await post(forged), await stored()]).toEqual(['not-its-job', 0]);
    },
  );

  it('of a repository that has no such job are refused if Gitea shows every repository, and taken if not', async () => {
    expect(await start(null, true).post(many(1))).toBe('not-its-job');
    expect(await start(null, false).post(many(1))).toBe('recorded');
  });
});

describe('a job that posts without end', () => {
  it('gets no more than its room, leaves one finding, and takes nothing from another job', async () => {
    const { records, post, stored } = start();
    const all = many(mostReceiptsPerTask);
    for (let from = 0; from < all.length; from += 100) expect(await post(all.slice(from, from + 100))).toBe('recorded');
    expect(await post(many(1))).toBe('too-many');
    expect(await post(many(3))).toBe('too-many');
    expect(await stored()).toBe(mostReceiptsPerTask);
    const refused = await refusedReceipts(records, march);
    expect(refused).toMatchObject([{ refused: 4, job: { jobId: 1 } }]);
    expect(of('receipts-refused', found({ refusedReceipts: refused }))).toMatchObject([
      { severity: 'medium', count: 1, description: expect.stringContaining('4 further ones') as string },
    ]);
    const other = await recordReceipts({ feed: feedOf(job(2)), records, now }, many(1, 2));
    expect(other).toBe('recorded');
  });

  it('finds two posts at once counted, each once', async () => {
    const { records, post } = start();
    await Promise.all(Array.from({ length: 30 }, () => post(many(100))));
    const [refused] = await refusedReceipts(records, march);
    expect(refused?.refused).toBe(1_000);
  });
});
