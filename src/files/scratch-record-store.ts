import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { checkedRecordPath, checkedRecordPrefix } from '../records/record-path.ts';
import type { RecordStore, StoredRecord } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';

/** The memory of a record goes on after it, so that its last lines are read as fast as the others. */
const spareBytes = 4_096;

/** Memory of large records is used again, because what is outside of the heap is freed late: so much of it waits. */
const largeBytes = 1 << 16;
const mostSpare = 3;

interface Place {
  readonly at: number;
  readonly length: number;
  readonly number: number;
}

/** Records that one process keeps for the time of one command. */
export interface ScratchRecordStore extends RecordStore {
  close(): void;
}

/**
 * Keeps records one after the other in one new file, without flushing any: nothing is left of them after the command, so
 * they need not survive a crash. In memory is only where each record is.
 */
export function scratchRecordStore(file: string): ScratchRecordStore {
  const descriptor = openSync(file, 'wx+');
  const places = new Map<string, Place>();
  let end = 0;
  let writes = 0;
  let sorted: readonly string[] | null = [];
  const spare: Buffer[] = [];

  /** Memory for a record and what may be looked at after it. */
  function take(length: number): Buffer {
    if (length < largeBytes) return Buffer.allocUnsafeSlow(length);
    const found = spare.findIndex((memory) => memory.length >= length);
    const [memory] = found === -1 ? [] : spare.splice(found, 1);
    return memory ?? Buffer.allocUnsafeSlow(Math.ceil(1.25 * length));
  }

  function giveBack(memory: Buffer): void {
    spare.push(memory);
    // The largest stay: they fit most records.
    spare.sort((one, other) => one.length - other.length).splice(0, spare.length - mostSpare);
  }

  function put(path: string, bytes: Uint8Array): string {
    for (let done = 0; done < bytes.length; )
      done += writeSync(descriptor, bytes, done, bytes.length - done, end + done);
    if (!places.has(path)) sorted = null;
    writes += 1;
    places.set(path, { at: end, length: bytes.length, number: writes });
    end += bytes.length;
    return String(writes);
  }

  function recordAt({ at, length, number }: Place): StoredRecord {
    const memory = take(length + spareBytes);
    const bytes = memory.subarray(0, length);
    for (let done = 0; done < length; ) {
      const some = readSync(descriptor, bytes, done, length - done, at + done);
      if (some === 0) throw new ServiceError('RECORD_STORE_UNREACHABLE', { store: file, reason: 'the file was cut' });
      done += some;
    }
    const isLarge = memory.length >= largeBytes;
    return { bytes, revision: String(number), giveBack: isLarge ? () => giveBack(memory) : undefined };
  }

  return {
    async create(path, bytes) {
      if (places.has(checkedRecordPath(path))) throw new ServiceError('RECORD_EXISTS', { path });
      return await Promise.resolve(put(path, bytes));
    },

    async replace(path, bytes, revision) {
      const known = places.get(checkedRecordPath(path));
      if (known === undefined || String(known.number) !== revision) throw new ServiceError('RECORD_CHANGED', { path });
      return await Promise.resolve(put(path, bytes));
    },

    async remove(path, revision) {
      const known = places.get(checkedRecordPath(path));
      if (known !== undefined && String(known.number) !== revision) throw new ServiceError('RECORD_CHANGED', { path });
      if (places.delete(path)) sorted = null;
      await Promise.resolve();
    },

    async read(path) {
      const known = places.get(checkedRecordPath(path));
      if (known === undefined) return null;
      return await Promise.resolve(recordAt(known));
    },

    async *list(prefix) {
      checkedRecordPrefix(prefix);
      sorted ??= [...places.keys()].sort();
      const all = sorted;
      for (let index = firstFrom(all, prefix); all[index]?.startsWith(prefix) === true; index += 1)
        yield await Promise.resolve(all[index] ?? '');
    },

    close: () => closeSync(descriptor),
  };
}

/** The position of the first path that does not sort before the prefix. */
function firstFrom(sorted: readonly string[], prefix: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
