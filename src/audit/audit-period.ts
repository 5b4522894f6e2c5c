import { rm } from 'node:fs/promises';
import { readGrantHistories } from '../grants/history/grant-history.ts';
import { brokeredWithin, readBrokerHistory } from '../broker/history/broker-history.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import { dayMs, hourMs } from '../secrets/duration.ts';
import type { Policy } from '../secrets/policy.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { inventoryAt, snapshotsOf } from './collection/inventory-ledger.ts';
import { type JobCollection, jobCollection } from './collection/job-collection.ts';
import { ownReads } from './collection/own-read-ledger.ts';
import { refusedReceipts } from './collection/receipt-room.ts';
import { type RetrievalCollection, retrievalCollection } from './collection/retrieval-collection.ts';
import { unusedDays } from './findings/access/grant-unused.ts';
import { findExceptions } from './findings/find-exceptions.ts';
import type { EndOfPeriod, FindingContext } from './findings/finding-rule.ts';
import type { JoinDivision } from './join/join-plan.ts';
import { createScratchFolder } from './join/disk/scratch-folder.ts';
import { readFindingSteps } from './findings/life/finding-record.ts';
import { liveFindings } from './findings/life/live-findings.ts';
import type { AuditedPeriod, InventoriedSecret, InventorySnapshot, ReportingPeriod } from './model/audited-period.ts';
import { jobKey } from './model/job-name.ts';
import type { Observation } from './model/observation.ts';
import { collectKnownSecrets } from './period/collect-known-secrets.ts';
import { type WithoutDeleted, withoutDeleted } from './period/deleted-evidence.ts';
import { findUnreadJobs } from './period/find-unread-jobs.ts';
import { countCoverage, findUnreadSpans } from './period/hour-coverage.ts';
import { countInventory } from './period/inventory-reads.ts';
import { type StoredDay, storedDays } from './period/period-rows.ts';
import { type LoadedPolicy, policiesInForce } from './period/policies-in-force.ts';
import { readsOnRecord } from './period/reads-on-record.ts';
import { collectValueSets, trackRotationsDue } from './period/rotations-due.ts';
import { createRowCounts } from './period/row-counts.ts';
import { findStaleInventory } from './period/stale-inventory.ts';
import { createAccessRecord } from './posture/access-record.ts';
import { posturesOf } from './posture/posture-ledger.ts';
import { type FiledLedger, fileLedger } from './shares/file-ledger.ts';
import { type OpenLedger, openLedger } from './shares/open-ledger.ts';
import {
  type CountedShares,
  createShareAuditor,
  type ShareAuditor,
  type ShareSources,
} from './shares/share-auditor.ts';

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
  /** The jobs and receipts, if they are not those of the records. */
  readonly ledger?: FiledLedger;
  /** At most so many days are judged at once, if there are few rows. Like `division`, it has no influence on the result. */
  readonly daysAShare?: number;
  /** What so many shares came to is added up at once. */
  readonly sharesTogether?: number;
  readonly division?: Partial<JoinDivision>;
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
  const folder = await createScratchFolder(new Date());
  try {
    const filed = audit.ledger ?? (await fileLedger(audit.records, audit.period, folder, audit.division));
    const ledger = openLedger(filed);
    try {
      return await auditWith(ledger, filed, audit, observation);
    } finally {
      ledger.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function auditWith<Observed>(
  ledger: OpenLedger,
  filed: FiledLedger,
  audit: PeriodToAudit,
  observation: Observation<Observed>,
): Promise<AuditedPeriod> {
  const { records, policy, period, now } = audit;
  const deleted = await withoutDeleted(records, period, await retrievalCollection(records));
  const { collection } = deleted;
  const canaries = await canaryReads(records, period);
  const inForce = policiesInForce(audit.policies ?? [], policy, period);
  const asOf = Math.min(period.to.getTime(), now.getTime());
  const around = await readBrokerHistory(records, withEdges(period));
  const brokered = brokeredWithin(around, period);
  const found = { ...(await findingContext(audit, asOf)), brokered, policyAt: inForce.policyAt };
  const gitea = await jobCollection(records);
  const sources: ShareSources = {
    ...found,
    vaults: new Set(audit.vaults.map((vault) => vault.toLowerCase())),
    canaries,
    brokerReads: around.reads,
    ownReads: await ownReads(records, withEdges(period)),
    isHarvested: (key) => filed.harvested.has(key),
    ledgerCompleteTo: gitea?.completeTo == null ? null : Date.parse(gitea.completeTo),
  };
  const auditor = createShareAuditor(sources, ledger, (material, full) => observation.observe(material, full));
  observation.begin(sources);
  const exceptions = findExceptions({ ...found, attribution: auditor.attribution });
  const dues = trackRotationsDue();
  for await (const snapshot of snapshots(audit, asOf)) await showSecrets(snapshot, dues, exceptions, observation);
  const jobs = await showJobs(ledger, sources, exceptions, observation);

  const listed = await loadInventory(audit);
  const inventory = countInventory(listed.entries, asOf);
  const coverage = countCoverage({ from: period.from, to: new Date(asOf) }, sources.vaults, canaries, collection);
  const rows = createRowCounts();
  const sets = collectValueSets();
  for await (const day of storedDays(records, { from: withEdges(period).from, to: period.from }))
    auditor.passOverDays([day]);
  for await (const share of rowShares(audit, auditor, observation)) {
    if ('observed' in share) await observation.absorb(share.observed);
    else addUp(share, { rows, coverage, inventory, sets, exceptions });
  }
  const span = spanOf(collection);
  const shares = receiptShares(ledger, auditor, period, span.settledTo);
  const receipts = await showReceipts(shares, exceptions, observation);

  const counted = rows.result(collection);
  const known = {
    period,
    coverage: coverage.coverage(),
    inventory: inventory.entries(),
    access: await lookAtAccess(audit, sources, exceptions, asOf),
  };
  const { slices, unreadableRows: unreadable } = counted;
  const { policyChanges } = inForce;
  const findings = exceptions.findings({ ...span, asOf, unreadable, slices, policyChanges, ...known });
  return {
    ownReads: sources.ownReads,
    asOf: new Date(asOf),
    vaults: [...sources.vaults].sort(),
    ...counted,
    findings,
    ...(await livesOf(audit, findings)),
    jobs,
    receipts,
    ...inForce,
    ...known,
    rotationsDue: dues.all(sets.take()).map(({ secret: _secret, ended: _ended, ...due }) => due),
    notRead: [...unreadIn(audit, gitea, deleted), ...findStaleInventory(period, listed.at, now)],
  };
}

/** Where each finding stands, and every step that a person took up to the time of the audit. */
async function livesOf({ records, now }: PeriodToAudit, findings: AuditedPeriod['findings']) {
  const findingSteps = (await readFindingSteps(records)).filter(({ at }) => Date.parse(at) <= now.getTime());
  return { findingLives: liveFindings(findings, findingSteps, now), findingSteps };
}

/** Shows every look at grants and setup to the rules, in order, and keeps them for the report. */
async function lookAtAccess(
  { records, period }: PeriodToAudit,
  { vaults, policyAt }: ShareSources,
  exceptions: ReturnType<typeof findExceptions>,
  asOf: number,
): Promise<AuditedPeriod['access']> {
  const access = createAccessRecord(vaults, period, policyAt);
  for await (const posture of posturesOf(records, earlierThan(period))) exceptions.lookEarlier(posture);
  for await (const posture of posturesOf(records, { from: period.from, to: new Date(asOf) })) {
    exceptions.look(posture);
    access.look(posture);
  }
  return access.record();
}

/** A grant that was not used in the ninety days before the period is an exception from its first moment. */
function earlierThan({ from }: ReportingPeriod): ReportingPeriod {
  return { from: new Date(+from - unusedDays * dayMs), to: from };
}

/** What Keyturn recorded of itself may stand on the other side of a border than the log's row: clocks differ. */
function withEdges({ from, to }: ReportingPeriod): ReportingPeriod {
  return { from: new Date(+from - hourMs), to: new Date(+to + hourMs) };
}

interface Sums {
  readonly rows: ReturnType<typeof createRowCounts>;
  readonly coverage: ReturnType<typeof countCoverage>;
  readonly inventory: ReturnType<typeof countInventory>;
  readonly sets: ReturnType<typeof collectValueSets>;
  readonly exceptions: ReturnType<typeof findExceptions>;
}

function addUp(counted: CountedShares, { rows, coverage, inventory, sets, exceptions }: Sums): void {
  rows.absorb(counted.counted);
  coverage.absorb(counted.hours);
  inventory.absorb(counted.reads);
  sets.absorb(counted.sets);
  exceptions.absorb(counted.rules);
}

/** Everything that could not be read of the period, or is gone. */
function unreadIn(
  { period, now }: PeriodToAudit,
  gitea: JobCollection | null,
  { collection, notRead }: WithoutDeleted,
): AuditedPeriod['notRead'] {
  return [...findUnreadSpans(period, collection, now), ...findUnreadJobs(period, gitea?.notRead ?? []), ...notRead];
}

/** A share is closed at so many bytes of rows, because to add one up takes time, however small it is. */
const shareBytes = 2 << 20;

/**
 * Most of what the rows of some shares came to is the same for all: readers and their secrets. So many are added up at once;
 * of more, the refusals that a share keeps would take memory.
 */
const fewShares = 16;

/** Audits the rows, neighbouring days in a share. What was observed of each follows at once. */
async function* rowShares<Observed>(
  { records, period, daysAShare = Number.POSITIVE_INFINITY, sharesTogether = fewShares }: PeriodToAudit,
  auditor: ShareAuditor<Observed>,
  observation: Observation<Observed>,
) {
  let days: StoredDay[] = [];
  let bytes = 0;
  let shares = 0;
  const audit = () => {
    const observed = auditor.auditDays(days, observation.full?.() ?? nothing);
    for (const { slices } of days) for (const slice of slices) slice.giveBack?.();
    return { observed };
  };
  for await (const day of storedDays(records, period)) {
    days.push(day);
    bytes += day.slices.reduce((sum, slice) => sum + slice.bytes.length, 0);
    if (days.length < daysAShare && bytes < shareBytes) continue;
    yield audit();
    days = [];
    bytes = 0;
    shares += 1;
    if (shares % sharesTogether === 0) yield auditor.takeRows();
  }
  if (days.length > 0) yield audit();
  yield auditor.takeRows();
}

const nothing: ReadonlySet<string> = new Set();

async function* receiptShares<Observed>(
  ledger: OpenLedger,
  auditor: ShareAuditor<Observed>,
  period: ReportingPeriod,
  settledTo: number,
) {
  for (let window = 0; window < ledger.windows; window += 1)
    yield auditor.auditReceipts(ledger.receiptsOf(window, period, settledTo));
  for await (const copy of ledger.copies(period)) yield auditor.auditReceipts([copy]);
}

/** Shows the receipts of the period to the rules and to the observation. Returns their numbers. */
async function showReceipts<Observed>(
  shares: ReturnType<typeof receiptShares<Observed>>,
  exceptions: ReturnType<typeof findExceptions>,
  observation: Observation<Observed>,
): Promise<AuditedPeriod['receipts']> {
  const receipts = { posted: 0, logged: 0, matched: 0, orphaned: 0 };
  for await (const share of shares) {
    for (const name of ['posted', 'logged', 'matched', 'orphaned'] as const) receipts[name] += share.counts[name];
    exceptions.absorb(share.rules);
    await observation.absorb(share.observed);
  }
  return receipts;
}

/** Jobs are shown in shares of so many. */
const jobsAShare = 2_000;

/** Shows the jobs of the period to the rules and to the observation. Returns their number. */
async function showJobs<Observed>(
  ledger: OpenLedger,
  sources: ShareSources,
  exceptions: ReturnType<typeof findExceptions>,
  observation: Observation<Observed>,
): Promise<number> {
  let count = 0;
  let share = observation.observe(sources, nothing);
  for (const job of ledger.jobs(sources.period)) {
    exceptions.job(job);
    share.job({ ...job, logReadWhole: sources.isHarvested(jobKey(job)) });
    count += 1;
    if (count % jobsAShare !== 0) continue;
    await observation.absorb(share.take());
    share = observation.observe(sources, nothing);
  }
  await observation.absorb(share.take());
  return count;
}

async function showSecrets<Observed>(
  snapshot: InventorySnapshot,
  dues: ReturnType<typeof trackRotationsDue>,
  exceptions: ReturnType<typeof findExceptions>,
  observation: Observation<Observed>,
): Promise<void> {
  const { at, entries } = snapshot;
  dues.see(snapshot);
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
  return {
    period,
    rotations,
    // One that was asked for before the period may be used in it.
    accessRequests: await readGrantHistories(records, { now: audit.now, since: new Date(+period.from - 7 * dayMs) }),
    secrets,
    refusedReceipts: await refusedReceipts(records, period),
    earlierReads: await readsOnRecord(records, earlierThan(period)),
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

async function loadInventory({
  records,
  inventory,
  period,
  now,
}: PeriodToAudit): Promise<{ readonly at: string | null; readonly entries: readonly InventoriedSecret[] }> {
  if (inventory != null) return { at: null, entries: inventory };
  return (await inventoryAt(records, period.to < now ? period.to : now)) ?? { at: null, entries: [] };
}
