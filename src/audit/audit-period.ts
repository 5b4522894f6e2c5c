import { readBrokerHistory } from '../broker/history/broker-history.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import { dayMs } from '../secrets/duration.ts';
import type { Policy } from '../secrets/policy.ts';
import { indexJobs } from './attribution/job-index.ts';
import { listReceipts } from './attribution/list-receipts.ts';
import { answeredAt, indexReceipts } from './attribution/receipt-index.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { inventoryAt, snapshotsOf } from './collection/inventory-ledger.ts';
import { jobCollection } from './collection/job-collection.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { ownReads } from './collection/own-read-ledger.ts';
import { type LedgerReceipt, receiptsOf } from './collection/receipt-ledger.ts';
import { refusedReceipts } from './collection/receipt-room.ts';
import { type RetrievalCollection, retrievalCollection } from './collection/retrieval-collection.ts';
import { unusedDays } from './findings/access/grant-unused.ts';
import { findExceptions } from './findings/find-exceptions.ts';
import type { EndOfPeriod, FindingContext } from './findings/finding-rule.ts';
import { readFindingSteps } from './findings/life/finding-record.ts';
import { liveFindings } from './findings/life/live-findings.ts';
import type { AuditedPeriod, InventoriedSecret, InventorySnapshot, ReportingPeriod } from './model/audited-period.ts';
import type { Job } from './model/job.ts';
import { jobKey } from './model/job-name.ts';
import type { Observation } from './model/observation.ts';
import { collectKnownSecrets } from './period/collect-known-secrets.ts';
import { findUnreadJobs } from './period/find-unread-jobs.ts';
import { countCoverage, findUnreadSpans } from './period/hour-coverage.ts';
import { countInventory } from './period/inventory-reads.ts';
import { storedDays } from './period/period-rows.ts';
import { type LoadedPolicy, policiesInForce } from './period/policies-in-force.ts';
import { readsOnRecord } from './period/reads-on-record.ts';
import { createRowCounts } from './period/row-counts.ts';
import { createAccessRecord } from './posture/access-record.ts';
import { posturesOf } from './posture/posture-ledger.ts';
import { createShareAuditor, type Evidence, type ShareSources } from './shares/share-auditor.ts';

export interface PeriodToAudit {
  readonly records: RecordStore;
  readonly policy: Policy;
  /** Short names of the vaults in scope. */
  readonly vaults: readonly string[];
  /** The secrets of the vaults at the end of the period; defaults to the newest recorded snapshot. */
  readonly inventory?: readonly InventoriedSecret[] | null;
  readonly rotations: readonly RotationHistory[];
  /** Every policy that was loaded, oldest first: each moment is judged by the one in force then. Defaults to `policy`. */
  readonly policies?: readonly LoadedPolicy[];
  readonly period: ReportingPeriod;
  readonly now: Date;
}

/**
 * Audits one period from collected records only. It asks neither Azure nor Gitea, so the same records always produce
 * the same result. It parses, grades and judges each row once, with one day in memory at a time, and shows each event to
 * the observation.
 */
export async function auditPeriod<Observed>(
  audit: PeriodToAudit,
  observation: Observation<Observed>,
): Promise<AuditedPeriod> {
  const { records, policy, period, now } = audit;
  const collection = await retrievalCollection(records);
  const canaries = await canaryReads(records, period);
  const inForce = policiesInForce(audit.policies ?? [], policy, period);
  const { policyAt } = inForce;
  const loaded = await loadEvidence(audit);
  const { receipts } = loaded;
  const asOf = Math.min(period.to.getTime(), now.getTime());
  const found = { ...(await findingContext(audit, asOf)), policyAt };
  const sources: ShareSources = {
    ...found,
    vaults: new Set(audit.vaults.map((vault) => vault.toLowerCase())),
    canaries,
    ownReads: loaded.ownReads,
    isHarvested: loaded.isHarvested,
    ledgerCompleteTo: loaded.ledgerCompleteTo,
  };
  const evidence: Evidence = { at: () => loaded, match: (correlationId) => receipts.match(correlationId) };
  const auditor = createShareAuditor(sources, evidence, (material) => observation.observe(material));
  observation.begin(sources);
  const exceptions = findExceptions({ ...found, attribution: auditor.attribution });
  for await (const snapshot of snapshots(audit, asOf)) await showSecrets(snapshot, exceptions, observation);

  const inventory = countInventory(await loadInventory(audit), asOf);
  const coverage = countCoverage({ from: period.from, to: new Date(asOf) }, sources.vaults, canaries, collection);
  const rows = createRowCounts();
  for await (const day of storedDays(records, period)) {
    const share = auditor.auditDays([day]);
    rows.absorb(share.counted);
    coverage.absorb(share.hours);
    inventory.absorb(share.reads);
    exceptions.absorb(share.rules);
    await observation.absorb(share.observed);
  }
  const { settledTo, rowsSince } = spanOf(collection);
  const listed = listReceipts(loaded, period, settledTo);
  const share = auditor.auditReceipts(listed, loaded.jobRecords);
  exceptions.absorb(share.rules);
  await observation.absorb(share.observed);

  const access = createAccessRecord(sources.vaults, period, policyAt);
  for await (const posture of posturesOf(records, { from: period.from, to: new Date(asOf) })) {
    exceptions.look(posture);
    access.look(posture);
  }
  const hours = coverage.coverage();
  const entries = inventory.entries();
  const counted = rows.result(collection);
  const end = { settledTo, rowsSince, asOf, coverage: hours, unreadable: counted.unreadableRows, inventory: entries };
  const findings = exceptions.findings(end);
  const findingSteps = (await readFindingSteps(records)).filter(({ at }) => Date.parse(at) <= now.getTime());
  return {
    period,
    vaults: [...sources.vaults].sort(),
    ...counted,
    findings,
    findingLives: liveFindings(findings, findingSteps, now),
    findingSteps,
    jobs: loaded.jobRecords.length,
    receipts: { ...receipts.counts(), orphaned: listed.filter(({ matched }) => matched === false).length },
    ...inForce,
    coverage: hours,
    notRead: [...findUnreadSpans(period, collection, now), ...findUnreadJobs(period, loaded.jobsNotRead)],
    inventory: entries,
    access: access.record(),
  };
}

async function showSecrets<Observed>(
  snapshot: InventorySnapshot,
  exceptions: ReturnType<typeof findExceptions>,
  observation: Observation<Observed>,
): Promise<void> {
  const { at, entries } = snapshot;
  const judged = exceptions.seeInventory(snapshot);
  for (const [index, secret] of entries.entries())
    await observation.secretDay({ day: at.slice(0, 10), at, secret, judgements: judged[index] ?? new Map() });
}

/** What both logs were read for, with every row arrived; `null` if there is no such time. */
function bothLogs(one: RetrievalCollection | null, other: RetrievalCollection | null): FindingContext['bothLogs'] {
  const [first, second] = [spanOf(one), spanOf(other)];
  if (first.rowsSince === null || second.rowsSince === null) return null;
  const from = new Date(Math.max(first.rowsSince, second.rowsSince));
  return { from, to: new Date(Math.min(first.settledTo, second.settledTo)) };
}

/** From when to when rows are on record, in milliseconds; an interval that is still unread moves the beginning after it. */
function spanOf(collection: RetrievalCollection | null): Pick<EndOfPeriod, 'settledTo' | 'rowsSince'> {
  if (collection === null) return { settledTo: Number.NEGATIVE_INFINITY, rowsSince: null };
  const rowsSince = Math.max(Date.parse(collection.since), ...collection.unread.map(({ to }) => Date.parse(to)));
  return { settledTo: Date.parse(collection.watermark), rowsSince };
}

/** What rules know before the first row, but for the join. */
async function findingContext(audit: PeriodToAudit, asOf: number) {
  const { records, period, rotations } = audit;
  const secrets = collectKnownSecrets();
  for await (const snapshot of snapshots(audit, asOf)) secrets.see(snapshot);
  // A shorter period does not tell whether a grant was used in ninety days.
  const before = { from: new Date(asOf - unusedDays * dayMs), to: period.from };
  return {
    period,
    rotations,
    brokered: await readBrokerHistory(records, period),
    secrets,
    refusedReceipts: await refusedReceipts(records, period),
    earlierReads: await readsOnRecord(records, before),
    bothLogs: bothLogs(await retrievalCollection(records), await retrievalCollection(records, 'beside')),
  };
}

/** The inventories of the period; the one that was given stands for all. */
async function* snapshots(
  { records, inventory, period }: PeriodToAudit,
  asOf: number,
): AsyncGenerator<InventorySnapshot> {
  if (inventory != null && inventory.length > 0) yield { at: new Date(asOf - 1).toISOString(), entries: inventory };
  else if (inventory == null) yield* snapshotsOf(records, { from: period.from, to: new Date(asOf) });
}

/**
 * Runners' clocks differ from the vault's, so a receipt near the period's edge may belong to a row on the other side.
 */
const edgeMs = 60_000;

async function loadEvidence({ records, period }: PeriodToAudit) {
  const jobs: Job[] = [];
  const inPeriod = new Map<string, Job>();
  for await (const job of jobsOf(records, period)) {
    jobs.push(job);
    const at = Date.parse(job.startedAt ?? job.createdAt);
    if (at >= period.from.getTime() && at < period.to.getTime()) inPeriod.set(jobKey(job), job);
  }
  const harvested = new Set<string>();
  const receipts: LedgerReceipt[] = [];
  for await (const one of receiptsOf(records, period, (key) => harvested.add(key))) {
    const at = answeredAt(one.receipt);
    if (at >= period.from.getTime() - edgeMs && at < period.to.getTime() + edgeMs) receipts.push(one);
  }
  const ledger = await jobCollection(records);
  const completeTo = ledger?.completeTo ?? null;
  return {
    jobs: indexJobs(jobs),
    receipts: indexReceipts(receipts),
    ownReads: await ownReads(records, period),
    isHarvested: (key: string) => harvested.has(key),
    ledgerCompleteTo: completeTo === null ? null : Date.parse(completeTo),
    jobRecords: [...inPeriod.values()],
    jobsNotRead: ledger?.notRead ?? [],
  };
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
