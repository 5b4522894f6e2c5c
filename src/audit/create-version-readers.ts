import { dayMs } from '../secrets/duration.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import { createAttributor } from './attribution/attribute-retrievals.ts';
import type { CanaryRead } from './collection/canary-reader.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { type JobCollection, readJobCollection } from './collection/job-collection.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { type LedgerReceipt, receiptsOf } from './collection/receipt-ledger.ts';
import { readRetrievalCollection, type RetrievalCollection } from './collection/retrieval-collection.ts';
import type { ReportingPeriod } from './model/audited-period.ts';
import { hourOf } from './model/calendar.ts';
import type { Job } from './model/job.ts';
import { jobKey, jobName } from './model/job-name.ts';
import { countCoverage } from './period/hour-coverage.ts';
import { periodRows } from './period/period-rows.ts';

/** Who read one version, and how far the log is known; the shape of the rotation's port. */
export interface ReadersOfVersion {
  readonly watermark: Date | null;
  readonly gaps: readonly string[];
  readonly reads: readonly { readonly at: Date; readonly job: string | null; readonly identity: string | null }[];
  readonly running: readonly string[];
}

interface Version {
  readonly vault: string;
  readonly name: string;
  readonly version: string;
}

interface Ports {
  readonly records: RecordStore;
  /** Asked each time: the policy may change while the process runs. */
  readonly policy: () => Policy;
  readonly now: () => Date;
}

// No Gitea job runs longer than ENDLESS_TASK_TIMEOUT (three hours) plus ten minutes for a zombie; a day is a safe upper
// bound.
const longestJobMs = dayMs;
/** Longer than a pass. A receipt that was posted since counts in the next one. */
const sharedMs = 5 * 60_000;

/**
 * Finds what a revocation must wait for: reads of the version since a moment, hours since then that cannot be shown to
 * be complete, and running jobs that read it. A job that cannot be tied to a read is missing here, so the caller also
 * waits for the declared lifetime of consumers.
 * Questions of one pass share one reading of the log's rows, as long as nothing more was collected and the policy is the same.
 */
export function createVersionReaders(ports: Ports): {
  readonly readersOf: (secret: Version, since: Date) => Promise<ReadersOfVersion>;
} {
  let shared: Reading | null = null;
  return {
    readersOf: async (secret, since) => {
      // Before the rows: what is collected meanwhile may be among them, and is not counted on.
      const log = await readRetrievalCollection(ports.records, 'only');
      const jobs = await readJobCollection(ports.records);
      if (log.state === null) return { watermark: null, gaps: [], reads: [], running: [] };
      const asOf = { policy: ports.policy(), revisions: `${log.revision ?? ''} ${jobs.revision ?? ''}` };
      const to = Math.max(ports.now().getTime(), Date.parse(log.state.readTo));
      const from = since.getTime() - longestJobMs;
      const before = mayBeShared(shared, asOf, ports.now()) ? shared : null;
      if (before === null || before.from > from) shared = begin(asOf, { from, to }, before);
      else shared = before;
      return readersAmong(await shared.rows, { secret, since }, log.state, runningJobs(jobs.state));
    },
  };

  function begin(asOf: AsOf, asked: { readonly from: number; readonly to: number }, before: Reading | null): Reading {
    const { to } = asked;
    // Rows are kept by days. Each further reading spans twice as much, so that few are enough wherever questions begin.
    const from = before === null ? asked.from : Math.min(asked.from, 2 * before.from - to);
    const whole = { from: new Date(Math.floor(from / dayMs) * dayMs), to: new Date(to) };
    const rows = readRows(ports.records, asOf.policy, whole);
    const reading: Reading = { ...asOf, begunAt: ports.now(), from: whole.from.getTime(), rows };
    rows.catch(() => {
      if (shared === reading) shared = null;
    });
    return reading;
  }
}

/** What a reading depends on. */
interface AsOf {
  readonly policy: Policy;
  /** Of the collections of log rows and of jobs. */
  readonly revisions: string;
}

interface Reading extends AsOf {
  readonly begunAt: Date;
  readonly from: number;
  readonly rows: Promise<Rows>;
}

/** What questions need of the rows: no row itself is held. */
interface Rows {
  readonly canaries: readonly CanaryRead[];
  /** The rows of canary reads. */
  readonly heard: readonly { readonly at: number; readonly correlationId: string }[];
  /** Reads of each version, ascending. */
  readonly reads: ReadonlyMap<string, readonly VersionRead[]>;
}

interface VersionRead {
  readonly at: number;
  readonly job: Job | null;
  readonly identity: string | null;
}

function mayBeShared(reading: Reading | null, { policy, revisions }: AsOf, now: Date): reading is Reading {
  if (reading === null || reading.policy !== policy || reading.revisions !== revisions) return false;
  return Math.abs(now.getTime() - reading.begunAt.getTime()) < sharedMs;
}

async function readRows(records: RecordStore, policy: Policy, period: ReportingPeriod): Promise<Rows> {
  const attributor = await loadAttributor(records, policy, period);
  const canaries = await canaryReads(records, period);
  const canaryIds = new Set(canaries.map(({ correlationId }) => correlationId.toLowerCase()));
  const heard: { at: number; correlationId: string }[] = [];
  const reads = new Map<string, VersionRead[]>();
  const identities = new Map<string | null, string | null>();
  for await (const { retrievals } of periodRows(records, period)) {
    for (const retrieval of retrievals) {
      const at = new Date(retrieval.at).getTime();
      const { correlationId, secret, version, vault, identity } = retrieval;
      if (correlationId !== null && canaryIds.has(correlationId)) heard.push({ at, correlationId });
      if (retrieval.kind !== 'read' || secret === null || version === null) continue;
      const key = keyOf({ vault, name: secret, version });
      const of = reads.get(key);
      // Many rows name the same identity: one text of it is held.
      const { objectId } = identity;
      if (!identities.has(objectId)) identities.set(objectId, objectId);
      const read = { at, job: attributor.attribute(retrieval).job, identity: identities.get(objectId) ?? null };
      if (of === undefined) reads.set(key, [read]);
      else of.push(read);
    }
  }
  return { canaries, heard, reads };
}

async function loadAttributor(records: RecordStore, policy: Policy, period: ReportingPeriod) {
  const jobs: Job[] = [];
  for await (const job of jobsOf(records, period)) jobs.push(job);
  const receipts: LedgerReceipt[] = [];
  for await (const receipt of receiptsOf(records, period)) receipts.push(receipt);
  return createAttributor({ policy, jobs, receipts, rotations: [] });
}

function readersAmong(
  { canaries, heard, reads }: Rows,
  { secret, since }: { readonly secret: Version; readonly since: Date },
  collection: RetrievalCollection,
  running: ReadonlySet<string>,
): ReadersOfVersion {
  // Only complete hours: in the watermark's own hour the canary may not have been read yet, or its row may be late.
  const watermark = new Date(hourOf(Date.parse(collection.watermark)));
  const coverage = countCoverage(
    { from: since, to: new Date(Math.max(since.getTime(), watermark.getTime())) },
    new Set([secret.vault.toLowerCase()]),
    canaries,
    collection,
  );
  // The canary of the hour in which the new version was published may have been read before it.
  const inTime = heard.filter(({ at }) => at >= hourOf(since.getTime()));
  coverage.absorb({ rows: new Map(), heard: new Set(inTime.map(({ correlationId }) => correlationId)) });
  const found = (reads.get(keyOf(secret)) ?? []).filter(({ at }) => at >= since.getTime() - longestJobMs);
  const readers = new Map(found.flatMap(({ job }) => (job === null ? [] : [[jobKey(job), job] as const])));
  return {
    watermark,
    gaps: coverage
      .coverage()
      .filter(({ state }) => state !== 'covered')
      .map(({ hour }) => hour),
    reads: found
      .filter(({ at }) => at >= since.getTime())
      .map(({ at, job, identity }) => ({ at: new Date(at), job: job === null ? null : jobName(job), identity }))
      .reverse(),
    running: [...readers].flatMap(([key, job]) => (running.has(key) ? [jobName(job)] : [])).sort(),
  };
}

function keyOf({ vault, name, version }: Version): string {
  return `${vault}/${name}@${version}`.toLowerCase();
}

/** Keys of the jobs that were still running when last seen. */
function runningJobs({ unfinished }: JobCollection): ReadonlySet<string> {
  return new Set(unfinished.flatMap(({ job }) => (job.status === 'completed' ? [] : [jobKey(job)])));
}
