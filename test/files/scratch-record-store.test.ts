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

describe('the memory of a large record', () => {
  const large = (sign: number) => new Uint8Array(100_000).fill(sign);

  it('is used again only after it was given back', async () => {
    const store = fresh();
    for (const sign of [1, 2, 3]) await store.create(`r/${String(sign)}`, large(sign));
    const first = await store.read('r/1');
    const second = await store.read('r/2');
    second?.giveBack?.();
    const third = await store.read('r/3');
    const fourth = await store.read('r/2');
    expect(third?.bytes.buffer).toBe(second?.bytes.buffer);
    expect(fourth?.bytes.buffer).not.toBe(third?.bytes.buffer);
    expect([first, third, fourth].map((one) => [one?.bytes.length, one?.bytes[0], one?.bytes.at(-1)])).toEqual([
      [100_000, 1, 1],
      [100_000, 3, 3],
      [100_000, 2, 2],
    ]);
  });

  it('is not given to a small one', async () => {
    const store = fresh();
    await store.create('large', large(1));
    await store.create('small', Uint8Array.of(2));
    const read = await store.read('large');
    read?.giveBack?.();
    const small = await store.read('small');
    expect(small?.bytes.buffer).not.toBe(read?.bytes.buffer);
    expect(small?.giveBack).toBeUndefined();
  });
});
