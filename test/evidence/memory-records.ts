import { createHash } from 'node:crypto';
import type { RecordStore } from '../../src/records/record-store.ts';
import { ServiceError } from '../../src/service-error.ts';

/** A record store that forgets with the test. */
export function memoryRecords(): RecordStore & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const revisionOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    files,
    create(path, bytes) {
      if (files.has(path)) return Promise.reject(new ServiceError('RECORD_EXISTS', { path }));
      files.set(path, bytes);
      return Promise.resolve(revisionOf(bytes));
    },
    replace(path, bytes, revision) {
      const there = files.get(path);
      if (there === undefined || revisionOf(there) !== revision)
        return Promise.reject(new ServiceError('RECORD_CHANGED', { path }));
      files.set(path, bytes);
      return Promise.resolve(revisionOf(bytes));
    },
    remove(path, revision) {
      const there = files.get(path);
      if (there !== undefined && revisionOf(there) !== revision)
        return Promise.reject(new ServiceError('RECORD_CHANGED', { path }));
      files.delete(path);
      return Promise.resolve();
    },
    read(path) {
      const bytes = files.get(path);
      return Promise.resolve(bytes === undefined ? null : { bytes, revision: revisionOf(bytes) });
    },
    async *list(prefix) {
      for (const path of [...files.keys()].sort()) if (path.startsWith(prefix)) yield path;
    },
  };
}
