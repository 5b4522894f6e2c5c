import { fault } from './fault.ts';

/** What can go wrong while audit evidence is collected and joined. */
export const auditFaults = {
  LOG_QUERY_FAILED: fault<{ workspace: string; status: number | null; code: string }>(
    'backoff',
    'The log workspace did not answer the query. Check its id and the Log Analytics Reader role.',
  ),
  LOG_QUERY_PARTIAL: fault<{ workspace: string; from: string; to: string }>(
    'never',
    'The log workspace gave a part of the rows only, even for the smallest slice. The hour counts as not read.',
  ),
  OUTPUT_NOT_WRITTEN: fault<{ path: string; reason: string }>(
    'never',
    'The file could not be written. Check that its folder is there, may be written to, and has room.',
  ),
} as const;
