import { describe, expect, it } from 'vitest';
import { routedRecordStore } from '../../src/records/routed-record-store.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

recordStoreContract('routed', () => Promise.resolve(routedRecordStore(memoryRecordStore(), 'a/', memoryRecordStore())));

describe('a store with a place of its own for packs', () => {
  it('keeps packs and their index there, and nothing else', async () => {
    const [rest, packs] = [memoryRecordStore(), memoryRecordStore()];
    const store = routedRecordStore(rest, 'archive/', packs);
    const paths = ['archive/2026-Q3/manifest.json', 'archive/index.dsse.json', 'archive-of-others/1', 'jobs/1'];
    for (const path of paths) await store.create(path, Buffer.from(path));
    const listed = async (from: typeof store) => {
      const found: string[] = [];
      for await (const path of from.list('')) found.push(path);
      return found;
    };
    expect(await listed(packs)).toEqual(['archive/2026-Q3/manifest.json', 'archive/index.dsse.json']);
    expect(await listed(rest)).toEqual(['archive-of-others/1', 'jobs/1']);
    expect(await listed(store)).toEqual([...paths].sort());
  });
});
