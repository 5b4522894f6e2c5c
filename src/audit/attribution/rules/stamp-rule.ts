import { matchAddress } from '../address-match.ts';
import type { Job } from '../../model/job.ts';
import { jobKey } from '../../model/job-name.ts';
import { leavesReceipts } from '../../../provenance/helper-version.ts';
import { jobSlackMs, mayServe, servesRepository, wasRunning } from '../job-index.ts';
import { memoize } from '../../../provenance/memoize.ts';
import { type AttributionRule, jobEvidence, type Verdict, verdict } from './attribution-rule.ts';

const leaves = memoize(leavesReceipts);

/**
 * A stamp without a receipt is a claim that any job can make. It counts only as far as Gitea, the identity and the
 * address confirm it; if one of them contradicts it, the row is `contradicted`.
 */
export const stampRule: AttributionRule = ({ retrieval, stamp, identity, at }, context) => {
  if (stamp === null) return null;
  const job = context.jobs.find(stamp);
  if (job === null) {
    // The ledger knows every job of that time, so this job never existed.
    const complete = context.ledgerCompleteTo !== null && at + jobSlackMs < context.ledgerCompleteTo;
    if (complete) return verdict('contradicted', 'stamp-of-no-job');
    return verdict('claimed', 'stamp-of-unknown-job', {
      candidates: [`? ${String(stamp.runId)}/${String(stamp.jobId)}.${String(stamp.attempt)}`],
    });
  }
  if (stamp.runId !== job.runId) return contradicted(job, 'stamp-of-another-run');
  if (stamp.repositoryId !== null && stamp.repositoryId !== job.repositoryId) {
    return contradicted(job, 'stamp-of-another-repository');
  }
  if (job.taskId !== null && stamp.taskId !== job.taskId) return contradicted(job, 'stamp-of-another-task');
  const running = wasRunning(job, at, jobSlackMs);
  if (running === 'no') return contradicted(job, 'job-was-not-running');
  if (identity === null) return claimed(job, 'identity-not-in-policy');
  if (identity.repositories.length > 0 && !servesRepository(identity, job.repository)) {
    return contradicted(job, 'identity-never-serves-repository');
  }
  if (!mayServe(identity, job)) return claimed(job, 'identity-of-other-runners');
  const address = matchAddress(retrieval.address, identity.addresses);
  if (address === 'outside') return contradicted(job, 'address-not-of-identity');
  if (address === 'unknown') return claimed(job, 'address-unknown');
  if (running === 'unknown') return claimed(job, 'job-times-unknown');
  // No release of the helper has this version, so nothing is known of what it leaves.
  if (!leaves(stamp.helper)) return claimed(job, 'helper-unknown');
  // The helper logs a receipt before the child starts, so a log that two readings agree on and that has none speaks
  // against the stamp. A killed helper leaves none either, so the row is not contradicted.
  if (context.isHarvested(jobKey(job))) return claimed(job, 'no-receipt-in-its-log');
  return verdict('corroborated', 'stamp-confirmed', { job, evidence: jobEvidence(job) });
};

function contradicted(job: Job, reason: string): Verdict {
  return verdict('contradicted', reason, { evidence: jobEvidence(job) });
}

function claimed(job: Job, reason: string): Verdict {
  return verdict('claimed', reason, { job, evidence: jobEvidence(job) });
}
