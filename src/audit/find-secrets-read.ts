import { dayMs } from '../secrets/duration.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import { createAttributor } from './attribution/attribute-retrievals.ts';
import { jobsOf } from './collection/job-ledger.ts';
import { receiptsOf, type LedgerReceipt } from './collection/receipt-ledger.ts';
import { retrievalCollection } from './collection/retrieval-collection.ts';
import type { Attribution } from './model/attribution.ts';
import type { Job } from './model/job.ts';
import { jobName } from './model/job-name.ts';
import type { DeletedReads } from './model/deleted-reads.ts';
import { deletedReads } from './period/deleted-evidence.ts';
import { periodRows } from './period/period-rows.ts';

/** One version that a reader took, or may have taken. */
export interface VersionRead {
  /** Short name, lower-case. */
  readonly vault: string;
  readonly secret: string;
  readonly version: string;
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly lastAt: string;
}

/** What one reader read, as far as the collected log tells. */
export interface SecretsRead {
  /** Until when the log is known to be complete; `null` while nothing was collected. */
  readonly watermark: Date | null;
  readonly reads: readonly VersionRead[];
  /** Reads by the same identities that no job can be tied to, and that are not among `reads`. */
  readonly untied: number;
  /** What of the evidence since then was deleted: what it told is not among `reads`. */
  readonly deleted: readonly DeletedReads[];
}

// A job that began before a moment may have read after it.
const longestJobMs = dayMs;

/**
 * Finds every version that a reader got since a moment. `reader`: an object id, or a job as reports name it; `owner/name`,
 * `owner/name run` and `owner/name run/job` are all the jobs of that repository, run or job. A read that several jobs may have
 * made counts for each of them: too many secrets replaced is the smaller harm. @throws ServiceError as the records do.
 */
export async function findSecretsRead(
  { records, policy, now }: { readonly records: RecordStore; readonly policy: Policy; readonly now: () => Date },
  reader: string,
  since: Date,
): Promise<SecretsRead> {
  const collection = await retrievalCollection(records);
  if (collection === null) return { watermark: null, reads: [], untied: 0, deleted: [] };
  const period = { from: new Date(since.getTime() - longestJobMs), to: new Date(now().getTime() + 1) };
  const jobs: Job[] = [];
  for await (const job of jobsOf(records, period)) jobs.push(job);
  const receipts: LedgerReceipt[] = [];
  for await (const receipt of receiptsOf(records, period)) receipts.push(receipt);
  const attributor = createAttributor({ policy, jobs, receipts, rotations: [] });
  const found = new Map<string, VersionRead>();
  const identities = new Set<string | null>();
  const untied: (string | null)[] = [];
  for await (const { retrievals } of periodRows(records, period)) {
    for (const retrieval of retrievals) {
      const { kind, status, vault, secret, version, at } = retrieval;
      if (kind !== 'read' || status !== 200 || secret === null || version === null) continue;
      if (Date.parse(at) < since.getTime()) continue;
      const attribution = attributor.attribute(retrieval);
      if (!isBy(attribution, reader)) {
        if (attribution.job === null) untied.push(retrieval.identity.objectId);
        continue;
      }
      identities.add(retrieval.identity.objectId);
      const key = `${vault}/${secret}@${version}`;
      const { count = 0, lastAt = at } = found.get(key) ?? {};
      found.set(key, { vault, secret, version, count: count + 1, lastAt: lastAt > at ? lastAt : at });
    }
  }
  return {
    watermark: new Date(collection.watermark),
    reads: [...found.values()],
    untied: untied.filter((identity) => identity !== null && identities.has(identity)).length,
    deleted: await deletedReads(records, { from: since, to: period.to }),
  };
}

function isBy({ retrieval, job, candidates }: Attribution, reader: string): boolean {
  const wanted = reader.trim().toLowerCase();
  const { objectId } = retrieval.identity;
  if (objectId?.toLowerCase() === wanted) return true;
  const names = job === null ? candidates : [jobName(job)];
  return names.some((name) => isJobNamed(name.toLowerCase(), wanted));
}

/** `acme/shop`, `acme/shop 12` and `acme/shop 12/34` name the job `acme/shop 12/34.1`. */
function isJobNamed(name: string, wanted: string): boolean {
  if (name === wanted) return true;
  const next = name.startsWith(wanted) ? name.charAt(wanted.length) : '';
  return next === ' ' || (wanted.includes(' ') && (next === '/' || next === '.'));
}
