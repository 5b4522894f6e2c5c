import { jobOfSession } from '../broker-index.ts';
import { type AttributionRule, verdict } from './attribution-rule.ts';

/**
 * A read that the broker made for a job: its journal names the vault's id of the request, and the job that Gitea confirmed.
 * Only the broker's identity has such rows; with one process for all, that is the rotator's. A row of the broker without an
 * entry is one that somebody else made with its identity.
 */
export const brokerRule: AttributionRule = ({ retrieval, identity, stamp }, { broker, jobs }) => {
  if (identity?.role !== 'broker' && identity?.role !== 'rotator') return null;
  const read = broker.explain(retrieval, stamp);
  if (read !== null) {
    const job = jobs.find(read.job) ?? jobOfSession(read.job, read.at);
    return verdict('authenticated', 'broker-journal', { job, evidence: [read.reference] });
  }
  return identity.role === 'broker' ? verdict('broker-unexplained', 'no-broker-entry') : null;
};
