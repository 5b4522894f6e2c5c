import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scratchRecordStore, type ScratchRecordStore } from '../../src/files/scratch-record-store.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-scratch-'));
const stores: ScratchRecordStore[] = [];
afterAll(() => {
  for (const store of stores) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function fresh(): ScratchRecordStore {
  const store = scratchRecordStore(join(folder, `records-${String(stores.length)}`));
  stores.push(store);
  return store;
}

recordStoreContract('scratch', () => Promise.resolve(fresh()));

describe('a scratch record store', () => {
  it('refuses a file that is there already, because another command may use it', () => {
    fresh();
    expect(() => scratchRecordStore(join(folder, 'records-0'))).toThrow(/EEXIST/);
  });

  it('lists what was created during the listing only next time', async () => {
    const store = fresh();
    await store.create('a/1', new Uint8Array());
    const seen: string[] = [];
    for await (const path of store.list('a/')) {
      seen.push(path);
      if (seen.length === 1) await store.create('a/2', new Uint8Array());
    }
    expect(seen).toEqual(['a/1']);
    const next: string[] = [];
    for await (const path of store.list('a/')) next.push(path);
    expect(next).toEqual(['a/1', 'a/2']);
  });
});
