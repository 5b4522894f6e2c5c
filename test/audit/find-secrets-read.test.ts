import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordPostedReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import { findSecretsRead } from '../../src/audit/find-secrets-read.ts';
import { type AuditedWorld, auditedWorld } from './audited-world.ts';

const minuteMs = 60_000;
let world: AuditedWorld;
beforeEach(async () => {
  world = await auditedWorld();
});
afterEach(async () => await world.cloud.stop());

describe('what a compromised reader read', () => {
  it('is nothing that is known while no log was collected', async () => {
    const { records, policy, now } = world;
    const since = new Date('2026-03-02T00:00:00Z');
    expect(await findSecretsRead({ records, policy, now }, 'acme/shop', since)).toEqual({
      watermark: null,
      reads: [],
      untied: 0,
      deleted: [],
    });
  });

  it('is found by repository, by job and by identity, since a moment, and says what no job can be tied to', async () => {
    const { clock, cloud, principals, records, policy, now } = world;
    const job = cloud.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    await world.collectJobs();
    clock.advance(minuteMs);
    const posted = await world.read(principals.runner, { client: world.stamp(job) });
    await recordPostedReceipt(records, world.receipt(job, posted), { postedAt: clock.now() });
    job.finish('success');
    clock.advance(120 * minuteMs);
    const later = clock.now();
    await world.read(principals.runner);
    await world.read(principals.person);
    clock.advance(minuteMs);
    await world.collectJobs();
    await world.collectRetrievals();
    const find = async (reader: string, since = new Date('2026-03-02T08:00:00Z')) => {
      const { reads, untied } = await findSecretsRead({ records, policy, now }, reader, since);
      return { reads: reads.map(({ secret, version, count }) => [secret, version, count]), untied };
    };
    const once = { reads: [['database-password', posted.version, 1]], untied: 1 };
    expect(await find('acme/shop')).toEqual(once);
    expect(await find('ACME/Shop')).toEqual(once);
    expect(await find(principals.runner.objectId)).toEqual({
      reads: [['database-password', posted.version, 2]],
      untied: 0,
    });
    for (const [reader, since] of [
      ['acme/sho', undefined],
      ['acme/blog', undefined],
      ['acme/shop', later],
    ] as const)
      expect(await find(reader, since)).toEqual({ reads: [], untied: 0 });
  });
});
