import { checkedRecordPath, checkedRecordPrefix } from '../src/records/record-path.ts';
import type { RecordStore, StoredRecord } from '../src/records/record-store.ts';
import { ServiceError } from '../src/service-error.ts';

/** A record store in memory for the tests of every room; it passes the contract suite of the real ones. */
export function memoryRecordStore(): RecordStore {
  const records = new Map<string, StoredRecord>();
  let writes = 0;

  function put(path: string, bytes: Uint8Array): string {
    // Counted, so that two states with the same bytes are two revisions, as everywhere.
    const revision = String(++writes);
    records.set(path, { bytes: Uint8Array.from(bytes), revision });
    return revision;
  }

  return {
    async create(path, bytes) {
      if (records.has(checkedRecordPath(path))) throw new ServiceError('RECORD_EXISTS', { path });
      return put(path, bytes);
    },

    async replace(path, bytes, revision) {
      if (records.get(checkedRecordPath(path))?.revision !== revision)
        throw new ServiceError('RECORD_CHANGED', { path });
      return put(path, bytes);
    },

    async remove(path, revision) {
      const found = records.get(checkedRecordPath(path));
      if (found !== undefined && found.revision !== revision) throw new ServiceError('RECORD_CHANGED', { path });
      records.delete(path);
    },

    async read(path) {
      const found = records.get(checkedRecordPath(path));
      return found === undefined ? null : { ...found, bytes: Uint8Array.from(found.bytes) };
    },

    async *list(prefix) {
      checkedRecordPrefix(prefix);
      yield* [...records.keys()].filter((path) => path.startsWith(prefix)).sort();
    },
  };
}
