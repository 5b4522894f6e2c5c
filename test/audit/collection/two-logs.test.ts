import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { collectRetrievals } from '../../../src/audit/collection/collect-retrievals.ts';
import type { RetrievalLog } from '../../../src/audit/collection/retrieval-log.ts';
import type { ReportingPeriod } from '../../../src/audit/model/audited-period.ts';
import { auditedWorld, type AuditedWorld } from '../audited-world.ts';

const worlds: AuditedWorld[] = [];
afterEach(async () => {
  for (const { cloud } of worlds.splice(0)) await cloud.stop();
});

/** The archive's copy of the vault's log, but for the rows whose correlation ids it lost. */
function archiveOf({ cloud }: AuditedWorld, lost: ReadonlySet<string> = new Set()): RetrievalLog {
  const copies = ({ from, to }: ReportingPeriod) =>
    cloud.auditLog
      .rows()
      .filter((row) => !lost.has(String(row['CorrelationId'])))
      .map((row) => ({ ...row, Source: 'archive', TimeGenerated: String(row['TimeGenerated']) }))
      .filter(({ TimeGenerated: at }) => Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime());
  const query = { name: 'archive', text: 'copies', sha256: 'cd'.repeat(32) };
  return {
    name: 'archive',
    rows: (interval) => {
      const rows = copies(interval);
      const answerSha256 = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
      return Promise.resolve({ rows, answerSha256, query });
    },
    controlTotals: (interval) => {
      const totals = new Map<string, number>();
      for (const { TimeGenerated: at } of copies(interval)) {
        const hour = `${at.slice(0, 13)}:00:00Z`;
        totals.set(hour, (totals.get(hour) ?? 0) + 1);
      }
      return Promise.resolve(totals);
    },
  };
}

async function read(lost: 'nothing' | 'one row of the archive' | 'one row of the workspace') {
  const world = await auditedWorld();
  worlds.push(world);
  const { principals, clock, records, now, cloud } = world;
  const first = await world.read(principals.runner);
  clock.advance(60_000);
  await world.read(principals.runner);
  clock.advance(7_200_000);
  const archive = archiveOf(world, new Set(lost === 'one row of the archive' ? [first.requestId] : []));
  const pass = { records, now, beside: true, settlingMs: 60_000, firstPassMs: 14_400_000 };
  const beside = await collectRetrievals({ ...pass, log: archive });
  if (lost === 'one row of the workspace') {
    const at = new Date(first.at);
    const inside = (interval: ReportingPeriod) => at >= interval.from && at < interval.to;
    const log: RetrievalLog = {
      name: world.log.name,
      rows: async (interval) => {
        const answer = await world.log.rows(interval);
        return { ...answer, rows: answer.rows.filter((row) => row['CorrelationId'] !== first.requestId) };
      },
      controlTotals: async (interval) => {
        const totals = new Map(await world.log.controlTotals(interval));
        const hour = `${first.at.slice(0, 13)}:00:00Z`;
        if (inside(interval)) totals.set(hour, (totals.get(hour) ?? 0) - 1);
        return totals;
      },
    };
    await collectRetrievals({ ...pass, beside: false, log });
  } else await world.collectRetrievals();
  // A further pass finds nothing new in either: each log knows its own rows.
  const again = [await collectRetrievals({ ...pass, log: archive })].map(({ rows }) => rows);
  const audited = await world.audit();
  const reads = audited.attributions.length;
  const only = audited.findings.filter(({ rule }) => rule === 'in-one-log-only');
  return { beside, again, reads, only, first, vault: cloud.vault.name };
}

describe('a workspace and an archive beside it', () => {
  it('count each event once, and agree where neither lost a row', async () => {
    const { beside, again, reads, only } = await read('nothing');
    expect(beside.rows).toBeGreaterThan(1);
    expect([again, reads, only]).toEqual([[0], 2, []]);
  });

  it.each([
    ['one row of the archive', 'is in the workspace of the log and not in the archive'],
    ['one row of the workspace', 'is in the archive of the log and not in the workspace'],
  ] as const)('are a finding where one lost a row: %s', async (lost, says) => {
    const { reads, only, vault } = await read(lost);
    expect(reads).toBe(2);
    expect(only).toMatchObject([{ subject: vault, count: 1, description: expect.stringContaining(says) as string }]);
  });
});
