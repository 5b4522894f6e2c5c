import type { BrokeredJob, BrokerRead } from '../../broker/history/broker-history.ts';
import type { JobStamp } from '../../provenance/job-stamp.ts';
import type { Job } from '../model/job.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** The reads that the broker's journal explains. */
export interface BrokerIndex {
  /**
   * The read that a row of the broker's identity belongs to: by the vault's id of the request, or, if its answer was lost,
   * by the nonce of its stamp; `null` if there is none.
   */
  explain(retrieval: Retrieval, stamp: JobStamp | null): BrokerRead | null;
}

/** Between the journal's entry and the vault's answer, and between their clocks. */
const journalSlackMs = 5 * 60_000;

export function indexBrokerReads(reads: Iterable<BrokerRead>): BrokerIndex {
  const byRequest = new Map<string, BrokerRead>();
  const byNonce = new Map<string, BrokerRead[]>();
  for (const read of reads) {
    if (read.requestId !== null) byRequest.set(read.requestId, read);
    const same = byNonce.get(read.nonce);
    if (same === undefined) byNonce.set(read.nonce, [read]);
    else same.push(read);
  }
  return {
    explain(retrieval, stamp) {
      const read = byRequest.get(retrieval.correlationId ?? '');
      if (read !== undefined) return isSameSecret(read, retrieval) ? read : null;
      const moment = Date.parse(retrieval.at);
      const stamped = byNonce.get(stamp?.nonce ?? '') ?? [];
      const found = stamped.find(
        ({ requestId, at, job }) =>
          requestId === null && job.taskId === stamp?.taskId && Math.abs(Date.parse(at) - moment) <= journalSlackMs,
      );
      return found !== undefined && isSameSecret(found, retrieval) ? found : null;
    },
  };
}

function isSameSecret(read: BrokerRead, { vault, secret, version }: Retrieval): boolean {
  const isVersion = read.version === null || version === null || read.version === version;
  return isVersion && `${read.vault}/${read.secret}` === `${vault}/${secret ?? ''}`.toLowerCase();
}

/** The job of a session, if the ledger of jobs does not have it: Gitea said this when the session was opened. */
export function jobOfSession(job: BrokeredJob, at: string): Job {
  const { instance, repositoryId, repository, runId, jobId, attempt, taskId, event, branch, fork, workflow } = job;
  const facts = { instance, repositoryId, repository, runId, jobId, attempt, taskId, event, branch, fork, workflow };
  return {
    format: 1,
    ...facts,
    ...(fork === 'unknown' ? { forkUnknownBecause: 'Gitea did not say when the session was opened' } : {}),
    name: '',
    runnerId: null,
    runnerName: null,
    labels: [],
    status: 'in_progress',
    conclusion: null,
    createdAt: at,
    startedAt: at,
    completedAt: null,
    known: 'api',
    url: null,
  };
}
