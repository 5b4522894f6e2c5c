import { checkedRecordPrefix } from './record-path.ts';
import type { RecordStore } from './record-store.ts';

/**
 * Keeps the records of one folder in a store of their own, and all others in `rest`: a place for packs can then forbid what
 * other records need. `folder` ends with a slash, such as `archive/`. Both are one store to whoever uses it.
 */
export function routedRecordStore(rest: RecordStore, folder: string, apart: RecordStore): RecordStore {
  const storeFor = (path: string) => (path.startsWith(folder) ? apart : rest);
  return {
    create: async (path, bytes) => await storeFor(path).create(path, bytes),
    replace: async (path, bytes, revision) => await storeFor(path).replace(path, bytes, revision),
    remove: async (path, revision) => await storeFor(path).remove(path, revision),
    read: async (path) => await storeFor(path).read(path),
    async *list(prefix) {
      checkedRecordPrefix(prefix);
      if (!folder.startsWith(prefix)) {
        yield* storeFor(prefix).list(prefix);
        return;
      }
      let isPassed = false;
      for await (const path of rest.list(prefix)) {
        if (!isPassed && path > folder) {
          isPassed = true;
          yield* apart.list(folder);
        }
        yield path;
      }
      if (!isPassed) yield* apart.list(folder);
    },
  };
}
