import { describe, expect, it } from 'vitest';
import { readCanaryOnceAnHour } from '../../../src/audit/collection/canary-ledger.ts';
import { recordJob } from '../../../src/audit/collection/job-ledger.ts';
import { deletedReads } from '../../../src/audit/period/deleted-evidence.ts';
import { applyRetention } from '../../../src/retention/apply-retention.ts';
import { usualRetention } from '../../../src/retention/retention-kinds.ts';
import { emptyPolicy } from '../../../src/secrets/policy.ts';
import { job } from '../../docs/format-examples.ts';
import { auditWithReads } from '../collected-events.ts';
import { eight, minuteMs, rowAt, world } from '../collection/log-world.ts';

const dayMs = 1_440 * minuteMs;
const period = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-04T00:00:00Z') };
const later = new Date('2029-04-15T00:00:00Z');

/** Two days whose log is shown to be whole: the canary of the first was read at eight, and has its row. */
async function collected() {
  const found = world([rowAt(eight, 'a'), rowAt(eight, 'canary-1')]);
  const { records, clock, collect } = found;
  const at = new Date(eight).toISOString();
  const read = { vault: 'kv', secret: 'canary', correlationId: 'canary-1', at };
  await readCanaryOnceAnHour(records, { read: () => Promise.resolve([read]) }, new Date(eight));
  await recordJob(records, { ...job, createdAt: at, startedAt: at, completedAt: at });
  await collect();
  clock.at = period.to.getTime() + dayMs;
  await collect();
  return { ...found, audit: async (now: Date) => await auditWithReads(auditOf(now)) };

  function auditOf(now: Date) {
    return { records, policy: emptyPolicy, vaults: ['kv'], inventory: [], rotations: [], period, now };
  }
}

describe('an audit of a period of which evidence was deleted', () => {
  it('states each kind as a gap for good, and takes no hour of it for one in which nothing was read', async () => {
    const { records, audit } = await collected();
    const before = await audit(period.to);
    expect(before.attributions).toHaveLength(1);
    expect(before.coverage.filter(({ state }) => state === 'covered')).toHaveLength(1);
    const rules = { ...usualRetention, slices: 365 * dayMs, jobs: 365 * dayMs };
    const sealed = [{ from: new Date('2026-02-01T00:00:00Z'), to: new Date('2026-07-01T00:00:00Z') }];
    const finishedJournals = async function* () {
      yield* await Promise.resolve([]);
    };
    const tools = {
      records,
      now: () => later,
      rules,
      sealed,
      finishedJournals,
      forget: () => Promise.resolve(),
    };
    expect(await applyRetention(tools)).toBeGreaterThan(3);

    const after = await audit(later);
    expect(after.attributions).toEqual([]);
    expect(after.notRead).toContainEqual({
      what: 'audit log rows',
      from: '2026-03-02T00:00:00.000Z',
      to: '2026-03-04T00:00:00.000Z',
      why: 'it was deleted, because the rule of retention keeps it for 365d',
      state: 'irrecoverable',
    });
    expect(after.notRead).toContainEqual(expect.objectContaining({ what: 'jobs of Gitea', state: 'irrecoverable' }));
    expect(await deletedReads(records, { from: period.from, to: new Date('2026-03-03T00:00:00Z') })).toEqual([
      { what: 'rows of the log', from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z', rule: '365d' },
      { what: 'jobs', from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z', rule: '365d' },
    ]);
    expect(await deletedReads(records, { from: later, to: new Date(later.getTime() + dayMs) })).toEqual([]);
    expect(new Set(after.coverage.map(({ state }) => state))).toEqual(new Set(['not-read']));
    expect(after.findings.map(({ rule }) => rule)).not.toContain('log-gap');
  });
});
