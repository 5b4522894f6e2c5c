import { fault } from './fault.ts';

/** What can go wrong with anything durable. */
export const recordFaults = {
  RECORD_EXISTS: fault<{ path: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'A record with this name already exists, because another worker created it first.',
  }),
  RECORD_CHANGED: fault<{ path: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'Another worker changed the record after it was read.',
  }),
  RECORD_PATH_REFUSED: fault<{ path: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'Invalid record name. Use segments of letters, digits and ._~- joined by slashes, at most 512 characters.',
  }),
  RECORD_UNREADABLE: fault<{ path: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'This release cannot parse the record. Nothing was changed; inspect the file named.',
  }),
  FILE_MISSING: fault<{ path: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'There is no file or folder with this path. Check its spelling, and the folder that the command runs in.',
  }),
  RECORD_STORE_UNREACHABLE: fault<{ store: string; reason: string }>({
    retry: 'backoff',
    effect: 'unknown',
    layer: 'record-store',
    says: 'Could not reach the record store. Check the folder, or the storage account and its role assignment.',
  }),
  RECORD_STORE_REFUSED: fault<{ store: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record-store',
    says: 'This place cannot keep records safely. Use a folder on a local disk, or Blob storage.',
  }),
} as const;
