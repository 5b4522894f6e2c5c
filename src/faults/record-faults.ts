import { fault } from './fault.ts';

/** What can go wrong with anything durable. */
export const recordFaults = {
  RECORD_EXISTS: fault<{ path: string }>('never', 'A record of this name exists already; another worker was faster.'),
  RECORD_CHANGED: fault<{ path: string }>(
    'never',
    'The record is not the one that was read; another worker changed it.',
  ),
  RECORD_PATH_REFUSED: fault<{ path: string }>(
    'never',
    'No record can have this name: segments of letters, digits and ._~- joined by slashes, at most 512 characters.',
  ),
  RECORD_UNREADABLE: fault<{ path: string; reason: string }>(
    'never',
    'The record cannot be understood by this release. Nothing was changed; look at the file named.',
  ),
  RECORD_STORE_UNREACHABLE: fault<{ store: string; reason: string }>(
    'backoff',
    'The record store could not be reached. Check the folder or the storage account, and its role assignment.',
  ),
  RECORD_STORE_REFUSED: fault<{ store: string; reason: string }>(
    'never',
    'This place cannot keep records safely. Use a folder on a local disk or Blob storage.',
  ),
} as const;
