import type { Attribution } from '../../audit/model/attribution.ts';
import { canonicalRows } from '../../provenance/canonical-json.ts';
import { readerOf } from '../report/retrieval-tally.ts';
import { csvRow } from './csv-row.ts';

export const retrievalColumns = [
  'at',
  'vault',
  'secret',
  'version',
  'grade',
  'reason',
  'reader',
  'repository',
  'run',
  'job',
  'attempt',
  'operation',
  'status',
  'objectId',
  'applicationId',
  'person',
  'address',
  'client',
  'correlationId',
  'roleAssignment',
  'sources',
  'id',
] as const;

/** The line of `retrievals.ndjson`: the row of the log, its grade, and the evidence for the grade. */
export function retrievalLines(): (attribution: Attribution) => string {
  const canonical = canonicalRows();
  return ({ retrieval, grade, job, candidates, reason, evidence }) =>
    canonical({ ...retrieval, grade, reason, job, candidates, evidence });
}

/** The line of `retrievals.csv`, in the order of `retrievalColumns`. */
export function retrievalCells(attribution: Attribution): string {
  const { retrieval, grade, job, reason } = attribution;
  const { identity } = retrieval;
  return csvRow([
    retrieval.at,
    retrieval.vault,
    retrieval.secret,
    retrieval.version,
    grade,
    reason,
    readerOf(attribution),
    job?.repository ?? null,
    job?.runId ?? null,
    job?.jobId ?? null,
    job?.attempt ?? null,
    retrieval.operation,
    retrieval.status,
    identity.objectId,
    identity.applicationId,
    identity.userPrincipalName,
    retrieval.address,
    retrieval.client,
    retrieval.correlationId,
    retrieval.roleAssignment,
    retrieval.sources.join(' '),
    retrieval.id,
  ]);
}
