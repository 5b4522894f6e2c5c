import { fault } from './fault.ts';

/** What can go wrong while audit evidence is collected and joined. */
export const auditFaults = {
  LOG_QUERY_FAILED: fault<{ workspace: string; status: number | null; code: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'log',
    says: 'The log workspace did not answer the query. Check its id and the role Log Analytics Reader.',
  }),
  LOG_QUERY_PARTIAL: fault<{ workspace: string; from: string; to: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'log',
    says: 'The log workspace returned only some of the rows, even for the smallest slice. The hour counts as not read.',
  }),
  LOG_ARCHIVE_NOT_READ: fault<{ container: string; status: number | null; code: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'log',
    says: 'The storage archive of the log could not be read. Check the address of the container and the role Storage Blob Data Reader.',
  }),
  GRANTS_NOT_SEEN: fault<{ vault: string; because: string }>({
    retry: 'after-propagation',
    effect: 'none',
    layer: 'identity',
    says: 'The grants on the vault could not be seen. Name its resource id in KEYTURN_VAULTS, and give the identity the role Reader on the subscription.',
  }),
  OUTPUT_NOT_WRITTEN: fault<{ path: string; reason: string }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'output',
    says: 'Could not write the file. Check that its folder exists, is writable and has space left.',
  }),
} as const;
