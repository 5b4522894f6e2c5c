import { createHash } from 'node:crypto';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { Policy } from '../secrets/policy.ts';
import { createAttributor } from './attribution/attribute-retrievals.ts';
import type { Attribution } from './model/attribution.ts';
import type { AuditedPeriod, ReportingPeriod } from './model/audited-period.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { jobCollection } from './collection/job-collection.ts';
import { findUnreadJobs } from './period/find-unread-jobs.ts';
import { findExceptions } from './findings/find-exceptions.ts';
import { countCoverage, findUnreadSpans } from './period/hour-coverage.ts';
import { type InventoriedSecret, inventoryAt } from './collection/inventory-ledger.ts';
import { countInventory } from './period/inventory-reads.ts';
import type { Job } from './model/job.ts';
import { jobKey } from './model/job-name.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { ownReads } from './collection/own-read-ledger.ts';
import { periodRows } from './period/period-rows.ts';
import { type ExclusionReason, type PopulationRule, classifyExclusion, toExclusions } from './period/population.ts';
import { createQueryRecords } from './period/query-records.ts';
import { answeredAt } from './attribution/receipt-index.ts';
import { type LedgerReceipt, receiptsOf } from './collection/receipt-ledger.ts';
import { refusedReceipts } from './collection/receipt-room.ts';
import { retrievalCollection } from './collection/retrieval-collection.ts';

export interface PeriodToAudit {
  readonly records: RecordStore;
  readonly policy: Policy;
  /** Short names of the vaults in scope. */
  readonly vaults: readonly string[];
  /** The secrets of the vaults at the end of the period; defaults to the newest recorded snapshot. */
  readonly inventory?: readonly InventoriedSecret[] | null;
  readonly rotations: readonly RotationHistory[];
  readonly period: ReportingPeriod;
  readonly now: Date;
}

/**
 * Audits one period from collected records only. It asks neither Azure nor Gitea, so the same records always produce
 * the same result. It reads the rows once, and again for each iteration of `attributions()`, with one day in memory at
 * a time.
 */
export async function auditPeriod(audit: PeriodToAudit): Promise<AuditedPeriod> {
  const { records, policy, period, rotations, now } = audit;
  const collection = await retrievalCollection(records);
  const canaries = await canaryReads(records, period);
  const { attributor, jobsInPeriod, jobsNotRead } = await loadAttributor(audit);
  const { receipts } = attributor.context;
  const population = {
    policy,
    vaults: new Set(audit.vaults.map((vault) => vault.toLowerCase())),
    canaries: new Set(canaries.map(({ correlationId }) => correlationId.toLowerCase())),
  };

  const asOf = Math.min(period.to.getTime(), now.getTime());
  const held = await loadInventory(audit);
  const inventory = countInventory(held, asOf);
  const coverage = countCoverage({ from: period.from, to: new Date(asOf) }, population.vaults, canaries, collection);
  const exceptions = findExceptions({
    period,
    policyAt: attributor.context.policyAt,
    rotations,
    attribution: attributor.context,
    refusedReceipts: await refusedReceipts(records, period),
  });
  const queries = createQueryRecords(collection);
  const excluded = new Map<ExclusionReason, number>();
  const unreadable: { readonly place: string; readonly reason: string }[] = [];
  const slices: AuditedPeriod['slices'][number][] = [];
  let rowsRead = 0;
  const exclude = (reason: ExclusionReason, count: number) => excluded.set(reason, (excluded.get(reason) ?? 0) + count);

  for await (const day of periodRows(records, period)) {
    rowsRead += day.rowsRead;
    exclude('outside the period', day.outside);
    exclude('not readable as an audit row', day.unreadable.length);
    exclude('a further record of an event that is already counted', day.duplicates);
    unreadable.push(...day.unreadable);
    for (const { path, bytes, header } of day.slices) {
      slices.push({ path, sha256: createHash('sha256').update(bytes).digest('hex'), rows: header.added });
      queries.see(header);
    }
    for (const retrieval of day.retrievals) {
      coverage.see(retrieval);
      if (retrieval.correlationId !== null) receipts.match(retrieval.correlationId);
      const reason = classifyExclusion(retrieval, population);
      if (reason !== null) exclude(reason, 1);
      if (reason === 'in a vault that is not in scope') continue;
      const attribution = reason === null ? attributor.attribute(retrieval) : null;
      if (attribution !== null) inventory.see(retrieval);
      exceptions.see(retrieval, attribution);
    }
  }

  const settledTo = collection === null ? Number.NEGATIVE_INFINITY : Date.parse(collection.watermark);
  const hours = coverage.coverage();
  const entries = inventory.entries();
  const orphaned = receipts.orphans(period.from.getTime(), Math.min(period.to.getTime(), settledTo)).length;
  return {
    period,
    vaults: [...population.vaults].sort(),
    rowsRead,
    exclusions: toExclusions(excluded),
    unreadableRows: unreadable,
    attributions: () => attributeRows(records, period, population, attributor),
    findings: exceptions.findings({ settledTo, asOf, coverage: hours, unreadable, inventory: entries, held }),
    jobs: jobsInPeriod,
    receipts: { ...receipts.counts(), orphaned },
    coverage: hours,
    notRead: [...findUnreadSpans(period, collection, now), ...findUnreadJobs(period, jobsNotRead)],
    queries: queries.all(),
    slices,
    inventory: entries,
  };
}

/** One row in memory at a time. Rows outside the population are not attributed. */
async function* attributeRows(
  records: RecordStore,
  period: ReportingPeriod,
  population: PopulationRule,
  attributor: ReturnType<typeof createAttributor>,
): AsyncGenerator<Attribution> {
  for await (const day of periodRows(records, period)) {
    for (const retrieval of day.retrievals) {
      if (classifyExclusion(retrieval, population) === null) yield attributor.attribute(retrieval);
    }
  }
}

/**
 * Runners' clocks differ from the vault's, so a receipt near the period's edge may belong to a row on the other side.
 */
const edgeMs = 60_000;

async function loadAttributor({ records, policy, rotations, period }: PeriodToAudit) {
  const jobs: Job[] = [];
  const inPeriod = new Set<string>();
  for await (const job of jobsOf(records, period)) {
    jobs.push(job);
    const at = Date.parse(job.startedAt ?? job.createdAt);
    if (at >= period.from.getTime() && at < period.to.getTime()) inPeriod.add(jobKey(job));
  }
  const harvested = new Set<string>();
  const receipts: LedgerReceipt[] = [];
  for await (const one of receiptsOf(records, period, (key) => harvested.add(key))) {
    const at = answeredAt(one.receipt);
    if (at >= period.from.getTime() - edgeMs && at < period.to.getTime() + edgeMs) receipts.push(one);
  }
  const ledger = await jobCollection(records);
  const completeTo = ledger?.completeTo ?? null;
  const ledgerCompleteTo = completeTo === null ? null : new Date(completeTo);
  const own = await ownReads(records, period);
  const sources = { policy, jobs, receipts, rotations, ownReads: own, harvested, ledgerCompleteTo };
  return { attributor: createAttributor(sources), jobsInPeriod: inPeriod.size, jobsNotRead: ledger?.notRead ?? [] };
}

async function loadInventory({
  records,
  inventory,
  period,
  now,
}: PeriodToAudit): Promise<readonly InventoriedSecret[]> {
  const at = period.to < now ? period.to : now;
  return inventory ?? (await inventoryAt(records, at))?.entries ?? [];
}
