import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namedJobs } from '../../../src/audit/collection/named-jobs.ts';
import { bindingOf } from '../../issuers/binding.ts';
import { recordInventory } from '../../../src/audit/collection/inventory-ledger.ts';
import { recordPostedReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import { findVersionReaders } from '../../../src/audit/find-version-readers.ts';
import { formatReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { auditPeriod } from '../../../src/audit/audit-period.ts';
import { type AuditedWorld, auditedWorld } from '../audited-world.ts';
import { collectEvents } from '../collected-events.ts';

let world: AuditedWorld;
beforeEach(async () => {
  world = await auditedWorld();
});
afterEach(async () => await world.cloud.stop());

const minuteMs = 60_000;

describe('a morning in the embedded cloud, collected and audited', () => {
  it('lists a receipt once that was posted and logged, with both places, and another beside one that differs', async () => {
    const { clock, cloud, principals, records } = world;
    const job = cloud.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    await world.collectRetrievals();
    await world.collectJobs();
    clock.advance(minuteMs);
    const both = world.receipt(job, await world.read(principals.runner, { client: world.stamp(job) }));
    const other = world.receipt(job, await world.read(principals.runner, { client: world.stamp(job) }), {
      sequence: 2,
    });
    for (const one of [both, { ...other, clockOffsetMs: 420_000 }])
      await recordPostedReceipt(records, one, { postedAt: clock.now() });
    for (const one of [both, other]) job.log(formatReceiptLine(one));
    clock.advance(minuteMs);
    job.finish('success');
    clock.advance(120 * minuteMs);
    await world.collectJobs();
    await world.collectRetrievals();

    const { events, receipts, observation } = collectEvents();
    const { findings } = await auditPeriod(world.toAudit(), observation);
    const listed = receipts.map(({ channel, also, clockOffsetMs, contested }) =>
      [channel, also.length, clockOffsetMs, contested].join(' '),
    );
    expect(listed.sort()).toEqual(['logged 0 0 true', 'posted 0 420000 true', 'posted 1 0 false']);
    // What a grade rests on is in the list.
    const known = new Set(receipts.flatMap(({ reference, also }) => [reference, ...also]));
    const evidence = events.flatMap(({ attribution }) => attribution?.evidence ?? []);
    expect(evidence.filter((one) => one.startsWith('receipts/') && !known.has(one))).toEqual([]);
    expect(findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['duplicate-receipt', 'clock-off']));
  });

  it('ties a posted receipt to its job, names a forger, and lets every row be counted once', async () => {
    const { clock, cloud, principals, records } = world;
    const job = cloud.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    await world.collectRetrievals();
    await world.collectJobs();
    clock.advance(minuteMs);

    const posted = await world.read(principals.runner, { client: world.stamp(job) });
    await recordPostedReceipt(records, world.receipt(job, posted), { postedAt: clock.now() });
    const logged = await world.read(principals.runner, { client: world.stamp(job) });
    job.log(formatReceiptLine(world.receipt(job, logged, { sequence: 2 })));
    clock.advance(minuteMs);
    await world.read(principals.other, { client: world.stamp(job) });
    await world.read(principals.person);
    await world.read(principals.rotator);
    job.finish('success');
    clock.advance(120 * minuteMs);
    await world.read(principals.runner);
    clock.advance(minuteMs);
    await world.collectJobs();
    await world.collectRetrievals();

    const audited = await world.audit();
    const rows = audited.attributions;
    expect(rows.map(({ grade, reason }) => `${grade} ${reason}`)).toEqual([
      'authenticated receipt-posted',
      'corroborated receipt-logged',
      'contradicted identity-never-serves-repository',
      'person delegated-token',
      'rotation-unexplained no-journal-entry',
      'unattributed no-job-was-running',
    ]);
    expect(rows[0]?.job).toMatchObject({ repository: 'acme/shop', attempt: 1, known: 'api', status: 'completed' });
    const excluded = audited.exclusions.reduce((sum, { count }) => sum + count, 0);
    expect(audited.rowsRead).toBe(excluded + rows.length);
    const steps = Map.groupBy(audited.excluded, ({ step }) => step);
    for (const { reason, count } of audited.exclusions) {
      expect([reason, steps.get(reason)?.length ?? 0]).toEqual([reason, count]);
    }
    expect(audited.excluded).toContainEqual(
      expect.objectContaining({ step: "Keyturn's own canary read", secret: 'keyturn-canary', operation: 'SecretGet' }),
    );
    // The canary of the second pass was read at its very end: its row is for the next one.
    expect(audited.exclusions).toContainEqual({ reason: "Keyturn's own canary read", count: 1 });
    expect(audited.receipts).toEqual({ posted: 1, logged: 1, matched: 2, orphaned: 0 });
    expect(audited.findings.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['contradicted-read', 'read-by-person', 'rotation-unexplained', 'unattributed-read']),
    );
    expect(audited.queries).toMatchObject([{ name: 'retrievals.kql', rows: audited.rowsRead }]);
    expect(audited.queries[0]?.controlTotal).toBe(audited.rowsRead);
    const again = await world.audit();
    expect({ ...again, policyAt: null }).toEqual({ ...audited, policyAt: null });
  });

  it('calls an hour without a row of its own canary a gap, and what is still to come not read', async () => {
    const { clock, cloud } = world;
    cloud.auditLog.drop(new Date('2026-03-02T09:00:00Z'), new Date('2026-03-02T10:00:00Z'));
    for (let hour = 0; hour < 4; hour += 1) {
      await world.collectRetrievals();
      clock.advance(60 * minuteMs);
    }
    await world.collectRetrievals();
    const { coverage, findings, notRead } = await world.audit();
    const states = Object.fromEntries(coverage.map(({ hour, state }) => [hour.slice(11, 13), state]));
    expect(states).toEqual({ '06': 'gap', '07': 'gap', '08': 'covered', '09': 'gap', 10: 'covered', 11: 'covered' });
    expect(findings.filter(({ rule }) => rule === 'log-gap').map(({ subject, count }) => [subject, count])).toEqual([
      ['2026-03-02T06:00:00Z', 2],
      ['2026-03-02T09:00:00Z', 1],
    ]);
    expect(notRead).toMatchObject([{ from: '2026-03-02T11:59:00.000Z', state: 'not-read-yet' }]);
  });

  it('finds a row that comes late when its hour is counted again, and keeps it once', async () => {
    const { clock, cloud, principals } = world;
    cloud.auditLog.setDelay(0);
    await world.read(principals.person);
    cloud.auditLog.setDelay(5 * 60 * minuteMs);
    await world.read(principals.person);
    clock.advance(90 * minuteMs);
    await world.collectRetrievals();
    expect((await world.audit()).attributions).toHaveLength(1);
    clock.advance(240 * minuteMs);
    await world.collectRetrievals();
    await world.collectRetrievals();
    expect((await world.audit()).attributions).toHaveLength(2);
  });

  it('tells a rotation who read the old version, and which of them still run', async () => {
    const { clock, cloud, principals, records, policy, now } = world;
    const job = cloud.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    const { version } = await world.read(principals.runner, { client: world.stamp(job) });
    clock.advance(minuteMs);
    await world.collectJobs();
    await world.collectRetrievals();
    const secret = { vault: cloud.vault.name, name: 'database-password', version: version ?? '' };
    const since = new Date('2026-03-02T08:00:00Z');
    const readers = await findVersionReaders({ records, policy, now }, secret, since);
    expect(readers.running).toEqual([expect.stringMatching(/^acme\/shop \d+\/\d+\.1$/)]);
    expect(readers.reads).toHaveLength(1);
    job.finish('success');
    await world.collectJobs();
    expect((await findVersionReaders({ records, policy, now }, secret, since)).running).toEqual([]);
  });

  it('judges whole hours alone: the canary of an hour that runs may still be on its way', async () => {
    const { cloud, clock, records, policy, now } = world;
    const since = clock.now();
    for (let pass = 0; pass < 3; pass++) {
      await world.collectRetrievals();
      clock.advance(60 * minuteMs);
    }
    // Just past the hour: the watermark lies in an hour whose canary is read by this very pass.
    clock.set(new Date(Math.ceil(clock.now().getTime() / (60 * minuteMs)) * 60 * minuteMs + 33 * minuteMs));
    await world.collectRetrievals();
    const secret = { vault: cloud.vault.name, name: 'database-password', version: '' };
    const { gaps, watermark } = await findVersionReaders({ records, policy, now }, secret, since);
    expect(gaps).toEqual([]);
    expect(watermark?.toISOString()).toMatch(/:00:00\.000Z$/);
  });

  it('counts a read by a job of a fork, or by agit, as outside of a namespace without forks, however it was started', async () => {
    const { clock, cloud, principals, policy } = world;
    const { gitea, vault } = cloud;
    const subject = `${vault.name}/database-password`;
    const namespace = {
      name: 'shop',
      repositories: [],
      branches: [],
      events: [],
      forks: false,
      workflows: [],
      protectedBranch: false,
    };
    const binding = { ...bindingOf('generated', {}, 'database-password'), vault: vault.name, namespaces: ['shop'] };
    const bound = {
      ...policy,
      namespaces: new Map([['shop', namespace]]),
      secrets: new Map([[subject, binding]]),
    };
    const repository = 'acme/shop';
    const own = gitea.openPull({ repository, from: 'own', branch: 'own' });
    const fork = gitea.openPull({ repository, from: 'fork', branch: 'change' });
    const agit = gitea.openPull({ repository, from: 'agit', author: 'reader' });
    for (const pull of [own, fork, agit]) {
      const start = { repository, name: 'check', runner: 'runner-1', pull, event: 'pull_request_target' };
      const job = gitea.startJob(start);
      await world.read(principals.runner, { client: world.stamp(job) });
      clock.advance(minuteMs);
      job.finish();
    }
    await world.collectJobs();
    clock.advance(10 * minuteMs);
    await world.collectRetrievals();
    const { findings } = await world.audit({ policy: bound });
    const outside = findings.filter(({ rule }) => rule === 'read-outside-namespace');
    expect(outside.map(({ count }) => count)).toEqual([2]);
  });

  it('asks Gitea about a job that a row is stamped with and that no pass has seen', async () => {
    const { clock, cloud, principals, records, feed } = world;
    const { gitea } = cloud;
    const first = gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner-1' });
    first.finish();
    await world.collectJobs();
    const again = gitea.rerun(first.job.jobId);
    await world.read(principals.runner, { client: world.stamp(again) });
    again.finish();
    clock.advance(10 * minuteMs);
    await world.collectRetrievals(feed.instance);
    expect(await namedJobs(records)).toMatchObject([{ jobId: first.job.jobId }]);
    await world.collectJobs();
    expect(await namedJobs(records)).toEqual([]);
    const [row] = (await world.audit()).attributions;
    expect(row?.job).toMatchObject({ jobId: first.job.jobId, attempt: 2 });
  });

  it('says in the coverage which repository Gitea did not give', async () => {
    const { records } = world;
    const since = '2026-03-02T07:00:00.000Z';
    const refused = {
      what: 'repository/7',
      name: 'acme/secret',
      why: 'GITEA_ACCESS_DENIED (403)',
      lasting: true,
      since,
    };
    const state = { format: 1, marks: {}, completeTo: null, unfinished: [], notRead: [refused] };
    await records.create('collection/jobs.json', Buffer.from(JSON.stringify(state)));
    expect((await world.audit()).notRead).toContainEqual({
      what: 'Gitea jobs: acme/secret',
      from: since,
      to: '2026-03-03T00:00:00.000Z',
      why: 'GITEA_ACCESS_DENIED (403)',
      state: 'irrecoverable',
    });
  });
});

describe('a period in which nobody listed the secrets', () => {
  const secret = {
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    enabled: true,
    created: '2026-01-01T00:00:00.000Z',
    expires: null,
    environment: null,
    issuer: null,
    validityDays: null,
  };
  const unreadAfter = async (takenAt: string) => {
    await recordInventory(world.records, [secret], new Date(takenAt));
    const { inventory, notRead } = await world.audit({ inventory: null });
    expect(inventory).toHaveLength(1);
    return notRead.filter(({ what }) => what === 'Inventory of secrets').map(({ why }) => why);
  };

  it('says that its list of secrets is an older one, until one of the period is there', async () => {
    world.clock.advance(120 * minuteMs);
    expect(await unreadAfter('2026-01-03T05:00:00Z')).toEqual([
      'No list of the secrets was taken in the period. The one in this report is of 2026-01-03.',
    ]);
    expect(await unreadAfter('2026-03-02T09:00:00Z')).toEqual([]);
  });
});
