import { createAttributor } from '../../audit/attribution/attribute-retrievals.ts';
import type { JobFeed } from '../../audit/collection/job-feed.ts';
import { jobsOf } from '../../audit/collection/job-ledger.ts';
import { retrievalCollection } from '../../audit/collection/retrieval-collection.ts';
import type { RetrievalLog } from '../../audit/collection/retrieval-log.ts';
import { receiptsOf, type LedgerReceipt } from '../../audit/collection/receipt-ledger.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import type { Job } from '../../audit/model/job.ts';
import type { Retrieval } from '../../audit/model/retrieval.ts';
import { parseAuditRow } from '../../audit/parsing/parse-audit-row.ts';
import { periodRows } from '../../audit/period/period-rows.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { dayMs } from '../../secrets/duration.ts';
import { emptyPolicy, type IdentityRule } from '../../secrets/policy.ts';

/** How many reads the jobs of one repository made. */
export interface RepositoryReads {
  /** `owner/name`. */
  readonly repository: string;
  readonly reads: number;
}

/** One identity that the log names. */
export interface SeenIdentity {
  readonly objectId: string;
  readonly reads: number;
  /** Whether it reads the canary: only Keyturn does. */
  readonly ours: boolean;
  /** Of the jobs that its reads are tied to, sorted. */
  readonly repositories: readonly string[];
  readonly labels: readonly string[];
  readonly addresses: readonly string[];
}

/** Who read what, as far as the log and the jobs tell. */
export interface SeenReaders {
  /** Repositories by `vault/name`, lower-case, most reads first. */
  readonly bySecret: ReadonlyMap<string, readonly RepositoryReads[]>;
  readonly identities: readonly SeenIdentity[];
  readonly days: number;
  /** Object ids of people who read; they belong into no policy. */
  readonly people: number;
}

interface Ports {
  readonly records: RecordStore;
  readonly log: RetrievalLog | null;
  readonly jobs: JobFeed | null;
  readonly canarySecret: string;
  readonly now: () => Date;
}

const days = 30;

/**
 * Ties the reads of the last 30 days to jobs as the audit does, on the supposition that every workload that is not Keyturn
 * is a runner. What comes of it is for a proposal: nothing here has been confirmed. Reads what was collected or, before the
 * first collection, the log and Gitea themselves. @throws ServiceError as these do.
 */
export async function findReaders(ports: Ports): Promise<SeenReaders> {
  const { records, now, canarySecret } = ports;
  const period = { from: new Date(now().getTime() - days * dayMs), to: new Date(now().getTime() + 1) };
  const reads = (await readsIn(ports, period)).filter(({ kind, status }) => kind === 'read' && status === 200);
  const ours = new Set(reads.filter(({ secret }) => secret === canarySecret).map(({ identity }) => identity.objectId));
  const callers = new Set(
    reads.flatMap(({ identity: { kind, objectId } }) => (kind === 'workload' && objectId !== null ? [objectId] : [])),
  );
  const supposed = new Map([...callers].map((objectId) => [objectId, supposedRule(objectId, ours.has(objectId))]));
  const receipts: LedgerReceipt[] = [];
  for await (const receipt of receiptsOf(records, period)) receipts.push(receipt);
  const jobs = await jobsIn(ports, period);
  const attributor = createAttributor({
    policy: { ...emptyPolicy, identities: supposed },
    jobs,
    receipts,
    rotations: [],
  });

  const bySecret = new Map<string, Map<string, number>>();
  const seen = new Map([...callers].map((objectId) => [objectId, emptySight()]));
  for (const retrieval of reads) {
    const { vault, secret, identity, address } = retrieval;
    const sight = seen.get(identity.objectId ?? '');
    if (sight === undefined || secret === null) continue;
    sight.reads += 1;
    if (address !== null) sight.addresses.add(address);
    const { job } = attributor.attribute(retrieval);
    if (job === null) continue;
    sight.repositories.add(job.repository);
    for (const label of job.labels) sight.labels.add(label);
    const counts = bySecret.get(`${vault}/${secret}`) ?? new Map<string, number>();
    counts.set(job.repository, (counts.get(job.repository) ?? 0) + 1);
    bySecret.set(`${vault}/${secret}`, counts);
  }
  const people = new Set(reads.flatMap(({ identity }) => (identity.kind === 'person' ? [identity.objectId] : [])));
  return {
    bySecret: new Map([...bySecret].map(([key, counts]) => [key, mostFirst(counts)])),
    identities: [...seen]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([objectId, sight]) => ({ objectId, ours: ours.has(objectId), ...inOrder(sight) })),
    days,
    people: people.size,
  };
}

interface Sight {
  reads: number;
  readonly repositories: Set<string>;
  readonly labels: Set<string>;
  readonly addresses: Set<string>;
}

function emptySight(): Sight {
  return { reads: 0, repositories: new Set(), labels: new Set(), addresses: new Set() };
}

function inOrder({ reads, repositories, labels, addresses }: Sight) {
  return {
    reads,
    repositories: [...repositories].sort(),
    labels: [...labels].sort(),
    addresses: [...addresses].sort(),
  };
}

/** A shared host: nothing is taken for proved by the identity alone. */
function supposedRule(objectId: string, isOurs: boolean): IdentityRule {
  const rule = { objectId, runnerLabels: [], repositories: [], addresses: [] };
  return isOurs ? { ...rule, role: 'rotator' } : { ...rule, role: 'runner', sharedHost: true };
}

function mostFirst(counts: ReadonlyMap<string, number>): readonly RepositoryReads[] {
  return [...counts]
    .map(([repository, reads]) => ({ repository, reads }))
    .sort((a, b) => b.reads - a.reads || (a.repository < b.repository ? -1 : 1));
}

async function readsIn({ records, log }: Ports, period: ReportingPeriod): Promise<readonly Retrieval[]> {
  const found: Retrieval[] = [];
  if ((await retrievalCollection(records)) !== null) {
    for await (const { retrievals } of periodRows(records, period)) found.push(...retrievals);
    return found;
  }
  if (log === null) return [];
  // A day at a time: the store answers no more at once.
  for (let from = period.from.getTime(); from < period.to.getTime(); from += dayMs) {
    const to = new Date(Math.min(from + dayMs, period.to.getTime()));
    for (const row of (await log.rows({ from: new Date(from), to })).rows) {
      const parsed = parseAuditRow(row, log.name);
      if (parsed.outcome !== 'refused') found.push(parsed.retrieval);
    }
  }
  return found;
}

async function jobsIn({ records, jobs: feed }: Ports, period: ReportingPeriod): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for await (const job of jobsOf(records, period)) jobs.push(job);
  if (jobs.length > 0 || feed === null) return jobs;
  for await (const word of feed.jobs({ marks: {}, named: [] })) if (word.kind === 'job') jobs.push(word.job);
  return jobs;
}
