import { matchAddress } from '../address-match.ts';
import { jobName } from '../../model/job-name.ts';
import { jobSlackMs } from '../job-index.ts';
import { type AttributionRule, jobEvidence, verdict } from './attribution-rule.ts';

/**
 * For rows without receipt and stamp: if exactly one job is possible, it is inferred; if several are, all are listed
 * and none is chosen.
 */
export const candidateRule: AttributionRule = ({ retrieval, identity, at, policy }, { jobs }) => {
  if (retrieval.identity.kind === 'none') return verdict('unattributed', 'no-identity-in-row');
  if (policy.identities.size === 0) return verdict('unattributed', 'no-identities-in-policy');
  if (identity === null) return verdict('unattributed', 'identity-not-in-policy');
  if (jobs.size === 0) return verdict('unattributed', 'no-jobs-on-record');
  if (matchAddress(retrieval.address, identity.addresses) === 'outside') {
    return verdict('unattributed', 'address-not-of-identity');
  }
  const running = jobs.running(identity, at, jobSlackMs);
  const [only] = running;
  if (only === undefined) return verdict('unattributed', 'no-job-was-running');
  if (running.length > 1) {
    return verdict('ambiguous', 'several-jobs-were-running', { candidates: running.map(jobName).sort() });
  }
  return verdict('inferred', 'one-job-was-running', { job: only, evidence: jobEvidence(only) });
};
