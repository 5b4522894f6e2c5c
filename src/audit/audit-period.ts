import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { Policy } from '../secrets/policy.ts';
import type { PolicyAt } from '../secrets/policy-timeline.ts';
import { type Attributor, createAttributor } from './attribution/attribute-retrievals.ts';
import type { Attribution } from './model/attribution.ts';
import type {
  AuditedEvent,
  AuditedPeriod,
  InventoriedSecret,
  InventorySnapshot,
  ReportingPeriod,
  SecretDay,
} from './model/audited-period.ts';
import type { CanaryRead } from './collection/canary-reader.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { jobCollection } from './collection/job-collection.ts';
import { findUnreadJobs } from './period/find-unread-jobs.ts';
import { dayMs } from '../secrets/duration.ts';
import { unusedDays } from './findings/access/grant-unused.ts';
import type { EndOfPeriod, FindingContext } from './findings/finding-rule.ts';
import { readFindingSteps } from './findings/life/finding-record.ts';
import { liveFindings } from './findings/life/live-findings.ts';
import { findExceptions } from './findings/find-exceptions.ts';
import { countCoverage, findUnreadSpans } from './period/hour-coverage.ts';
import { inventoryAt, snapshotsOf } from './collection/inventory-ledger.ts';
import { countInventory } from './period/inventory-reads.ts';
import type { Job } from './model/job.ts';
import { jobKey } from './model/job-name.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { ownReads } from './collection/own-read-ledger.ts';
import { periodRows } from './period/period-rows.ts';
import { type ExclusionReason, type PopulationRule, classifyExclusion } from './period/population.ts';
import { type LoadedPolicy, policiesInForce } from './period/policies-in-force.ts';
import { collectKnownSecrets } from './period/collect-known-secrets.ts';
import { listReceipts } from './attribution/list-receipts.ts';
import { createRowCounts } from './period/row-counts.ts';
import { answeredAt } from './attribution/receipt-index.ts';
import { type LedgerReceipt, receiptsOf } from './collection/receipt-ledger.ts';
import { refusedReceipts } from './collection/receipt-room.ts';
import { readsOnRecord } from './period/reads-on-record.ts';
import { createAccessRecord } from './posture/access-record.ts';
import { posturesOf } from './posture/posture-ledger.ts';
import { type RetrievalCollection, retrievalCollection } from './collection/retrieval-collection.ts';

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
 * the same result. It reads the rows once, and again for each iteration of `attributions()` and `events()`, with one day
 * in memory at a time.
 */
export async function auditPeriod(audit: PeriodToAudit): Promise<AuditedPeriod> {
  const { records, policy, period, now } = audit;
  const collection = await retrievalCollection(records);
  const canaries = await canaryReads(records, period);
  const inForce = policiesInForce(audit.policies ?? [], policy, period);
  const loaded = await loadAttributor(audit, inForce.policyAt);
  const { attributor } = loaded;
  const { receipts } = attributor.context;
  const { policyAt } = inForce;
  const population = populationOf(audit, policyAt, canaries);
  const asOf = Math.min(period.to.getTime(), now.getTime());
  const context = { ...(await findingContext(audit, asOf)), policyAt, attribution: attributor.context };
  const exceptions = findExceptions(context);
  const inventory = countInventory(await loadInventory(audit), asOf);
  const coverage = countCoverage({ from: period.from, to: new Date(asOf) }, population.vaults, canaries, collection);
  const rows = createRowCounts(collection);
  for await (const snapshot of snapshots(audit, asOf)) exceptions.seeInventory(snapshot);
  for await (const day of periodRows(records, period)) {
    rows.see(day);
    for (const retrieval of day.retrievals) {
      coverage.see(retrieval);
      if (retrieval.correlationId !== null) receipts.match(retrieval.correlationId);
      const reason = classifyExclusion(retrieval, population);
      if (reason !== null) rows.exclude(reason, 1);
      if (reason === 'in a vault that is not in scope') continue;
      const attribution = reason === null ? attributor.attribute(retrieval) : null;
      if (attribution !== null) inventory.see(retrieval);
      exceptions.see(retrieval, attribution);
    }
  }

  const access = createAccessRecord(population.vaults, period, policyAt);
  for await (const posture of posturesOf(records, { from: period.from, to: new Date(asOf) })) {
    exceptions.look(posture);
    access.look(posture);
  }
  const { settledTo, rowsSince } = spanOf(collection);
  const hours = coverage.coverage();
  const entries = inventory.entries();
  const counted = rows.result();
  const end = { settledTo, rowsSince, asOf, coverage: hours, unreadable: counted.unreadableRows, inventory: entries };
  const walk = { records, period, population, attributor, context };
  const findings = exceptions.findings(end);
  const findingSteps = (await readFindingSteps(records)).filter(({ at }) => Date.parse(at) <= now.getTime());
  return {
    period,
    vaults: [...population.vaults].sort(),
    ...counted,
    attributions: () => attributeRows(walk),
    events: () => judgeRows(walk),
    secretDays: () => judgeSecrets(audit, asOf, context),
    findings,
    findingLives: liveFindings(findings, findingSteps, now),
    findingSteps,
    jobs: loaded.jobRecords.length,
    jobRecords: loaded.jobRecords,
    receipts: {
      ...receipts.counts(),
      orphaned: receipts.orphans(period.from.getTime(), Math.min(period.to.getTime(), settledTo)).length,
    },
    receiptRecords: listReceipts(attributor.context, period, settledTo),
    ...inForce,
    coverage: hours,
    notRead: [...findUnreadSpans(period, collection, now), ...findUnreadJobs(period, loaded.jobsNotRead)],
    inventory: entries,
    access: access.record(),
  };
}

function populationOf({ vaults }: PeriodToAudit, policyAt: PolicyAt, canaries: readonly CanaryRead[]): PopulationRule {
  return {
    policyAt,
    vaults: new Set(vaults.map((vault) => vault.toLowerCase())),
    canaries: new Set(canaries.map(({ correlationId }) => correlationId.toLowerCase())),
  };
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

interface Walk {
  readonly records: RecordStore;
  readonly period: ReportingPeriod;
  readonly population: PopulationRule;
  readonly attributor: Attributor;
  readonly context: FindingContext;
}

/** One row in memory at a time. Rows outside the population are not attributed. */
async function* attributeRows({ records, period, population, attributor }: Walk): AsyncGenerator<Attribution> {
  for await (const day of periodRows(records, period)) {
    for (const retrieval of day.retrievals) {
      if (classifyExclusion(retrieval, population) === null) yield attributor.attribute(retrieval);
    }
  }
}

/** The exclusions whose rows are a population of their own. */
const populations: ReadonlySet<ExclusionReason> = new Set<ExclusionReason>([
  'a write',
  'refused',
  "a read of a staging secret by Keyturn's rotator",
]);

/** The same, with what the rules say of each event. The rules are run anew, so that no verdict need be kept in memory. */
async function* judgeRows({ records, period, population, attributor, context }: Walk): AsyncGenerator<AuditedEvent> {
  const exceptions = findExceptions(context);
  for await (const day of periodRows(records, period)) {
    for (const retrieval of day.retrievals) {
      const reason = classifyExclusion(retrieval, population);
      if (reason === 'in a vault that is not in scope') continue;
      const attribution = reason === null ? attributor.attribute(retrieval) : null;
      const judgements = exceptions.see(retrieval, attribution);
      // Rows that contradict themselves are exceptions of the test of rows, whatever else they are.
      const isOdd = judgements.get('status-disagrees') === 'broken';
      if (reason === null || isOdd || populations.has(reason)) yield { retrieval, attribution, judgements };
    }
  }
}

async function* judgeSecrets(audit: PeriodToAudit, asOf: number, context: FindingContext): AsyncGenerator<SecretDay> {
  const exceptions = findExceptions(context);
  for await (const snapshot of snapshots(audit, asOf)) {
    const judged = exceptions.seeInventory(snapshot);
    for (const [index, secret] of snapshot.entries.entries()) {
      yield { day: snapshot.at.slice(0, 10), at: snapshot.at, secret, judgements: judged[index] ?? new Map() };
    }
  }
}

/**
 * Runners' clocks differ from the vault's, so a receipt near the period's edge may belong to a row on the other side.
 */
const edgeMs = 60_000;

async function loadAttributor({ records, policy, rotations, period }: PeriodToAudit, policyAt: PolicyAt) {
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
  const ledgerCompleteTo = completeTo === null ? null : new Date(completeTo);
  const own = await ownReads(records, period);
  const sources = { policy, policyAt, jobs, receipts, rotations, ownReads: own, harvested, ledgerCompleteTo };
  return {
    attributor: createAttributor(sources),
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
