import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEnvelope } from '../../../src/evidence/pack/dsse-envelope.ts';
import { type PackSummary, enterPack, exportPack, listPacks } from '../../../src/evidence/pack/pack-archive.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import type { PackOrder } from '../../../src/evidence/pack-order.ts';
import { verifyChain } from '../../../src/evidence/verify/verify-chain.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { folderRecordStore } from '../../../src/files/folder-record-store.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { memoryRecords } from '../memory-records.ts';
import { orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

const indexPath = 'archive/index.dsse.json';
const audited = auditedStory({ reads: 3 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-archive-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An order of its own: packs are named by the second they were ordered in. */
const order = (second: number, records: RecordStore, more: Partial<PackOrder> = {}): PackOrder =>
  orderOf({ records, audited, now: new Date(Date.UTC(2026, 10, 3, 6, 0, second)), ...more });

/** A store that triggers an action once, directly before or after one kind of call for one path. */
function interrupted(
  records: RecordStore,
  when: 'index-was-read' | 'index-is-written' | 'seal-is-written',
  happens: () => Promise<unknown>,
): RecordStore {
  let done = false;
  const once = async (now: boolean): Promise<void> => {
    if (!now || done) return;
    done = true;
    await happens();
  };
  const writing = (path: string): boolean =>
    (when === 'index-is-written' && path === indexPath) ||
    (when === 'seal-is-written' && path.endsWith('/pack.dsse.json'));
  return {
    async create(path, bytes) {
      await once(writing(path));
      return await records.create(path, bytes);
    },
    async replace(path, bytes, revision) {
      await once(writing(path));
      return await records.replace(path, bytes, revision);
    },
    remove: (path, revision) => records.remove(path, revision),
    async read(path) {
      const found = await records.read(path);
      await once(when === 'index-was-read' && path === indexPath);
      return found;
    },
    list: (prefix) => records.list(prefix),
  };
}

/** Takes every pack out of the archive and checks each, and that they are one chain from the archive's first. */
async function expectOneChain(records: RecordStore, packs: readonly PackSummary[], name: string): Promise<void> {
  expect(await listPacks(records)).toEqual(packs);
  expect(packs.map(({ previous }) => previous)).toEqual([null, ...packs.slice(0, -1).map(({ id }) => id)]);
  const given = [];
  for (const { id } of packs) {
    const directory = join(folder, name, id);
    await exportPack(records, id, directory);
    const verification = await verifyPack(directory);
    expect(verification).toMatchObject({ outcome: 'intact', pack: id });
    given.push({ directory, verification });
  }
  expect(verifyChain(given)).toMatchObject({ outcome: 'whole', follows: null, faults: [] });
}

describe('two packs that are produced at once', () => {
  it.each(['index-was-read', 'seal-is-written', 'index-is-written'] as const)(
    'never follow the same pack, when the other is entered as the %s',
    async (when) => {
      const records = memoryRecords();
      const first = await producePack(order(0, records));
      let other: PackSummary | null = null;
      const slow = interrupted(records, when, async () => {
        other = await producePack(order(2, records));
      });
      const out = join(folder, when, 'out');
      const late = await producePack(order(1, slow, { out }));
      if (other === null) throw new Error('the other pack was never produced');
      await expectOneChain(records, [first, other, late], when);
      // The folder beside the archive holds the seal that was entered, not the one that came too late.
      expect((await verifyPack(out)).link).toMatchObject({ previous: { pack: late.previous } });
    },
  );

  it('never both are the first', async () => {
    const records = memoryRecords();
    const both = await Promise.all([1, 2].map(async (second) => await producePack(order(second, records))));
    const packs = await listPacks(records);
    expect(new Set(packs)).toEqual(new Set(both));
    await expectOneChain(records, packs, 'both-first');
  });

  it('are one chain in an archive on disk, however many there are', async () => {
    const records = await folderRecordStore(join(folder, 'records'));
    await Promise.all([1, 2, 3, 4].map(async (second) => await producePack(order(second, records))));
    const packs = await listPacks(records);
    expect(packs).toHaveLength(4);
    await expectOneChain(records, packs, 'on-disk');
  });

  it.each(['index-was-read', 'seal-is-written', 'index-is-written'] as const)(
    'are entered once where they are the same pack, and its seal is the one entered, when both meet as the %s',
    async (when) => {
      const records = memoryRecords();
      let other: PackSummary | null = null;
      // The slow worker's index lacks a third pack, to which the fast one has chained: its own seal must not stay.
      const slow = interrupted(records, when, async () => {
        other = await producePack(order(2, records));
        await producePack(order(1, records));
      });
      const pack = await producePack(order(1, slow));
      if (other === null) throw new Error('the other pack was never produced');
      await expectOneChain(records, [other, pack], `same-${when}`);
    },
  );
});

describe('a pack whose worker died before it was entered', () => {
  const died = new Error('died');

  it('is not listed, cannot be exported, and has no seal in the folder beside the archive', async () => {
    const records = memoryRecords();
    const dying = interrupted(records, 'index-is-written', () => Promise.reject(died));
    const out = join(folder, 'died');
    await expect(producePack(order(1, dying, { out }))).rejects.toBe(died);
    const [sealed = ''] = [...records.files.keys()].filter((path) => path.endsWith('/pack.dsse.json'));
    const [, id = ''] = sealed.split('/');
    expect(id).not.toBe('');
    expect(await listPacks(records)).toEqual([]);
    await expect(exportPack(records, id, join(folder, 'none'))).rejects.toMatchObject({ code: 'PACK_UNKNOWN' });
    expect(await readdir(out)).not.toContain('pack.dsse.json');
  });

  it('follows the pack that was entered in the meantime, if it is passed again', async () => {
    const records = memoryRecords();
    const dying = interrupted(records, 'index-is-written', () => Promise.reject(died));
    await expect(producePack(order(1, dying))).rejects.toBe(died);
    const other = await producePack(order(2, records));
    const again = await producePack(order(1, records));
    await expectOneChain(records, [other, again], 'again');
  });
});

describe('a pack that was entered', () => {
  it('is never sealed again: another pack of its name is refused, and its seal stays', async () => {
    const records = memoryRecords();
    const pack = await producePack(order(1, records));
    const path = `archive/${pack.id}/pack.dsse.json`;
    const sealed = records.files.get(path);
    const software = { version: '0.2.0' };
    await expect(producePack(order(1, records, { software }))).rejects.toMatchObject({ code: 'PACK_NOT_WRITTEN' });
    expect(records.files.get(path)).toEqual(sealed);
    // A replacement is left untouched, so that it is visible.
    records.files.set(path, Buffer.from('{}'));
    await expect(producePack(order(1, records))).rejects.toMatchObject({ code: 'PACK_NOT_WRITTEN' });
    expect(openEnvelope(records.files.get(path) ?? Buffer.from(''))).toBeNull();
  });

  it('keeps its predecessor even if that was removed from the index', async () => {
    const records = memoryRecords();
    await producePack(order(1, records));
    const second = await producePack(order(2, records));
    records.files.delete(indexPath);
    const { signer } = order(2, records);
    expect(await enterPack(records, signer, { packs: [], revision: null }, second)).toBe(true);
    await expect(producePack(order(2, records))).rejects.toMatchObject({
      code: 'PACK_NOT_WRITTEN',
      details: { reason: 'another pack of this name was made already' },
    });
  });
});
