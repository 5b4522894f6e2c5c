import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findReaders } from '../../../src/composition/adoption/find-readers.ts';
import { recordPostedReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import { type AuditedWorld, auditedWorld } from '../../audit/audited-world.ts';

let world: AuditedWorld;
beforeEach(async () => {
  world = await auditedWorld();
});
afterEach(async () => await world.cloud.stop());

describe('who reads which secret, for a proposal', () => {
  it('is found without a policy: repositories by secret, runners by their jobs, itself by the canary', async () => {
    const { clock, cloud, principals, records, now } = world;
    const job = cloud.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    await world.collectJobs();
    clock.advance(60_000);
    const posted = await world.read(principals.runner, { client: world.stamp(job) });
    await recordPostedReceipt(records, world.receipt(job, posted), { postedAt: clock.now() });
    await world.read(principals.person);
    job.finish('success');
    clock.advance(120 * 60_000);
    await world.collectJobs();
    await world.collectRetrievals();
    // The next pass finds the row of the canary that this one read.
    clock.advance(120 * 60_000);
    await world.collectRetrievals();
    const found = await findReaders({ records, log: null, jobs: null, canarySecret: 'keyturn-canary', now });
    expect([...found.bySecret].map(([key, reads]) => [key.split('/')[1], reads])).toEqual([
      ['database-password', [{ repository: 'acme/shop', reads: 1 }]],
    ]);
    const runner = found.identities.find(({ objectId }) => objectId === principals.runner.objectId);
    expect(runner).toMatchObject({ ours: false, reads: 1, repositories: ['acme/shop'] });
    expect(runner?.labels.length).toBeGreaterThan(0);
    expect(found.identities.filter(({ ours }) => ours)).toHaveLength(1);
    expect(found.people).toBe(1);
  });
});
