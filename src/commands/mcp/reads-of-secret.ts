import { retrievalCollection } from '../../audit/collection/retrieval-collection.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import { deletedReads } from '../../audit/period/deleted-evidence.ts';
import type { DeletedReads } from '../../audit/model/deleted-reads.ts';
import type { Grade } from '../../audit/model/attribution.ts';
import type { Composition } from '../../composition/composition.ts';
import { observeReads } from '../../composition/portal/observe-reads.ts';
import { auditCollected } from '../../composition/report-period.ts';

/** One read, as an agent is told of it. */
interface ReadOfSecret {
  readonly at: string;
  readonly secret: string;
  readonly version: string | null;
  readonly grade: Grade;
  /** `owner/name run/job.attempt`; `null` if the read is tied to no job. */
  readonly job: string | null;
  readonly person: string | null;
  /** Object id of the caller. */
  readonly identity: string | null;
  readonly reason: string;
}

interface ReadsOfSecret {
  readonly from: string;
  readonly to: string;
  /** Until when the log is known to be complete; `null` while nothing was collected. */
  readonly completeUntil: string | null;
  /** Hours of the span that cannot be shown to be complete. */
  readonly gaps: number;
  /** What of the span's evidence was deleted by a rule of retention. */
  readonly deleted: readonly DeletedReads[];
  readonly count: number;
  /** Newest first, at most `mostListed`. */
  readonly reads: readonly ReadOfSecret[];
}

const mostListed = 200;

/**
 * Finds who read a secret in a span of time, graded as the report grades. `wanted`: a name, which may be that of secrets in
 * several vaults, or vault/name. Asks neither Azure nor Gitea. @throws ServiceError as the records do.
 */
export async function readsOfSecret(
  collected: Pick<Composition, 'records' | 'policy' | 'settings' | 'now'>,
  wanted: string,
  span: ReportingPeriod,
): Promise<ReadsOfSecret> {
  const collection = await retrievalCollection(collected.records);
  const lower = wanted.toLowerCase();
  const { observation, take } = observeReads(
    ({ vault, secret }) => secret !== null && (lower === secret || lower === `${vault}/${secret}`),
  );
  const { coverage } = await auditCollected(collected, span, observation);
  const { reads, leftOut } = take();
  return {
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    completeUntil: collection?.watermark ?? null,
    gaps: coverage.filter(({ state }) => state !== 'covered').length,
    deleted: await deletedReads(collected.records, span),
    count: reads.length + leftOut,
    reads: reads.slice(0, mostListed).map((read) => {
      const { at, vault, secret, version, grade, job, person, identity, reason } = read;
      return { at, secret: `${vault}/${secret}`, version, grade, job, person, identity, reason };
    }),
  };
}
