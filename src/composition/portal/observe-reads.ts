import type { Observation } from '../../audit/model/observation.ts';
import type { Attribution } from '../../audit/model/attribution.ts';
import { jobName } from '../../audit/model/job-name.ts';
import type { ListedRead } from '../../web/portal-ports.ts';

/** So many reads are kept in memory for the pages; of more, the newest. */
const mostReads = 200_000;

interface ReadObservation {
  readonly observation: Observation<readonly ListedRead[]>;
  /** Newest first, and how many older ones were let go. */
  readonly take: () => { readonly reads: readonly ListedRead[]; readonly leftOut: number };
}

/** Keeps the reads of an audited period as the portal lists them: all, or those that are wanted. */
export function observeReads(isWanted: (read: Attribution['retrieval']) => boolean = () => true): ReadObservation {
  let kept: ListedRead[] = [];
  let leftOut = 0;
  const nothing = () => undefined;
  return {
    observation: {
      begin: nothing,
      observe: () => {
        const seen: ListedRead[] = [];
        return {
          event({ attribution }) {
            if (attribution !== null && isWanted(attribution.retrieval)) seen.push(listed(attribution));
          },
          excluded: nothing,
          job: nothing,
          receipt: nothing,
          take: () => seen,
        };
      },
      secretDay: async () => await Promise.resolve(),
      async absorb(reads) {
        for (const read of reads) kept.push(read);
        if (kept.length > 2 * mostReads) drop();
        await Promise.resolve();
      },
    },
    take() {
      drop();
      return { reads: kept.toReversed(), leftOut };
    },
  };

  function drop(): void {
    const more = Math.max(0, kept.length - mostReads);
    leftOut += more;
    kept = kept.slice(more);
  }
}

function listed({ retrieval, grade, job, reason }: Attribution): ListedRead {
  const { identity } = retrieval;
  return {
    id: retrieval.id,
    at: retrieval.at,
    vault: retrieval.vault,
    secret: retrieval.secret ?? 'not named',
    version: retrieval.version,
    grade,
    job: job === null ? null : jobName(job),
    person: grade === 'person' ? (identity.userPrincipalName ?? identity.objectId) : null,
    identity: identity.objectId,
    address: retrieval.address,
    correlationId: retrieval.correlationId,
    reason,
  };
}
