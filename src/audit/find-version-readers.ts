import { dayMs } from '../secrets/duration.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import { createAttributor } from './attribution/attribute-retrievals.ts';
import type { ReportingPeriod } from './model/audited-period.ts';
import { hourOf } from './model/calendar.ts';
import { canaryReads } from './collection/canary-ledger.ts';
import { jobCollection } from './collection/job-collection.ts';
import { countCoverage } from './period/hour-coverage.ts';
import type { Job } from './model/job.ts';
import { jobKey, jobName } from './model/job-name.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { periodRows } from './period/period-rows.ts';
import { receiptsOf, type LedgerReceipt } from './collection/receipt-ledger.ts';
import { retrievalCollection } from './collection/retrieval-collection.ts';

/** Who read one version, and how far the log is known; the shape of the rotation's port. */
export interface ReadersOfVersion {
  readonly watermark: Date | null;
  readonly gaps: readonly string[];
  readonly reads: readonly { readonly at: Date; readonly job: string | null; readonly identity: string | null }[];
  readonly running: readonly string[];
}

// No Gitea job runs longer than ENDLESS_TASK_TIMEOUT (three hours) plus ten minutes for a zombie; a day is a safe upper
// bound.
const longestJobMs = dayMs;

/**
 * Finds what a revocation must wait for: reads of the version since a moment, hours since then that cannot be shown to
 * be complete, and running jobs that read it. A job that cannot be tied to a read is missing here, so the caller also
 * waits for the declared lifetime of consumers.
 */
export async function findVersionReaders(
  ports: { readonly records: RecordStore; readonly policy: Policy; readonly now: () => Date },
  secret: { readonly vault: string; readonly name: string; readonly version: string },
  since: Date,
): Promise<ReadersOfVersion> {
  const { records, now } = ports;
  const collection = await retrievalCollection(records);
  if (collection === null) return { watermark: null, gaps: [], reads: [], running: [] };
  // Only complete hours: in the watermark's own hour the canary may not have been read yet, or its row may be late.
  const watermark = new Date(hourOf(Date.parse(collection.watermark)));
  const until = new Date(Math.max(now().getTime(), Date.parse(collection.readTo)));
  const period = { from: new Date(since.getTime() - longestJobMs), to: until };
  const attributor = await loadAttributor(ports, period);
  const running = await runningJobs(records);
  const coverage = countCoverage(
    { from: since, to: new Date(Math.max(since.getTime(), watermark.getTime())) },
    new Set([secret.vault.toLowerCase()]),
    await canaryReads(records, period),
    collection,
  );
  const readers = new Map<string, Job>();
  const reads: { at: Date; job: string | null; identity: string | null }[] = [];
  for await (const { retrievals } of periodRows(records, period)) {
    for (const retrieval of retrievals) {
      const at = new Date(retrieval.at);
      // The canary of the hour in which the new version was published may have been read before it.
      if (at.getTime() >= hourOf(since.getTime())) coverage.see(retrieval);
      if (retrieval.kind !== 'read' || retrieval.version !== secret.version.toLowerCase()) continue;
      if (retrieval.vault !== secret.vault.toLowerCase() || retrieval.secret !== secret.name.toLowerCase()) continue;
      const { job } = attributor.attribute(retrieval);
      if (job !== null && running.has(jobKey(job))) readers.set(jobKey(job), job);
      const name = job === null ? null : jobName(job);
      if (at >= since) reads.push({ at, job: name, identity: retrieval.identity.objectId });
    }
  }
  return {
    watermark,
    gaps: coverage
      .coverage()
      .filter(({ state }) => state !== 'covered')
      .map(({ hour }) => hour),
    reads: reads.reverse(),
    running: [...readers.values()].map(jobName).sort(),
  };
}

async function loadAttributor(
  { records, policy }: { readonly records: RecordStore; readonly policy: Policy },
  period: ReportingPeriod,
) {
  const jobs: Job[] = [];
  for await (const job of jobsOf(records, period)) jobs.push(job);
  const receipts: LedgerReceipt[] = [];
  for await (const receipt of receiptsOf(records, period)) receipts.push(receipt);
  return createAttributor({ policy, jobs, receipts, rotations: [] });
}

/** Keys of the jobs that were still running when last seen. */
async function runningJobs(records: RecordStore): Promise<ReadonlySet<string>> {
  const unfinished = (await jobCollection(records))?.unfinished ?? [];
  return new Set(unfinished.flatMap(({ job }) => (job.status === 'completed' ? [] : [jobKey(job)])));
}
