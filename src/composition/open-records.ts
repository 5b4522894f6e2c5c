import type { TokenCredential } from '@azure/identity';
import { blobRecordStore } from '../azure/blob-record-store.ts';
import { folderRecordStore } from '../files/folder-record-store.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Settings } from '../settings.ts';

/** The record store that the settings name. */
export async function openRecords({ records }: Settings, credential: TokenCredential): Promise<RecordStore> {
  if (records.kind === 'folder') return await folderRecordStore(records.directory);
  return await blobRecordStore(records.containerUrl, credential);
}
