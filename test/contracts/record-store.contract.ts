import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordStore } from '../../src/records/record-store.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (record: { bytes: Uint8Array } | null) =>
  record === null ? null : new TextDecoder().decode(record.bytes);

/** The contract of every record store, run on each adapter. `open` returns an empty store. */
export function recordStoreContract(name: string, open: () => Promise<RecordStore>): void {
  describe(`record store: ${name}`, () => {
    it('returns null for a missing record', async () => {
      expect(await (await open()).read('journal/none')).toBeNull();
    });

    it('round-trips any bytes', async () => {
      const store = await open();
      let count = 0;
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (content) => {
          const path = `bytes/${String(count++)}`;
          const revision = await store.create(path, content);
          const read = await store.read(path);
          expect(Buffer.from(read?.bytes ?? []).equals(content)).toBe(true);
          expect(read?.revision).toBe(revision);
        }),
        { numRuns: 15, verbose: 1 },
      );
    });

    it('refuses to create an existing record, and leaves it unchanged', async () => {
      const store = await open();
      await store.create('a/b', bytes('first'));
      await expect(store.create('a/b', bytes('second'))).rejects.toMatchObject({ code: 'RECORD_EXISTS' });
      expect(text(await store.read('a/b'))).toBe('first');
    });

    it('lets exactly one of ten creates of one path win', async () => {
      const store = await open();
      const contenders = Array.from({ length: 10 }, (_, index) => String(index));
      const results = await Promise.allSettled(contenders.map((one) => store.create('race', bytes(one))));
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const lost of results.filter((result) => result.status === 'rejected')) {
        expect(lost.reason).toMatchObject({ code: 'RECORD_EXISTS' });
      }
      expect(text(await store.read('race'))).toBe(String(winner));
    });

    it('replaces a record that is unchanged since it was read', async () => {
      const store = await open();
      const first = await store.create('head', bytes('1'));
      const second = await store.replace('head', bytes('2'), first);
      expect(await store.read('head')).toMatchObject({ revision: second });
      expect(text(await store.read('head'))).toBe('2');
    });

    it('refuses to replace a record that has changed or never existed', async () => {
      const store = await open();
      const first = await store.create('head', bytes('1'));
      await store.replace('head', bytes('2'), first);
      await expect(store.replace('head', bytes('3'), first)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
      await expect(store.replace('nowhere', bytes('3'), first)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
      expect(text(await store.read('head'))).toBe('2');
      expect(await store.read('nowhere')).toBeNull();
    });

    it('lets exactly one of ten replacements of one revision win', async () => {
      const store = await open();
      const first = await store.create('head', bytes('start'));
      const contenders = Array.from({ length: 10 }, (_, index) => String(index));
      const results = await Promise.allSettled(contenders.map((one) => store.replace('head', bytes(one), first)));
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const lost of results.filter((result) => result.status === 'rejected')) {
        expect(lost.reason).toMatchObject({ code: 'RECORD_CHANGED' });
      }
      expect(text(await store.read('head'))).toBe(String(winner));
    });

    it('removes a record that is unchanged since it was read, and lets its path be created again', async () => {
      const store = await open();
      const first = await store.create('job/1', bytes('ann'));
      const second = await store.replace('job/1', bytes('ann again'), first);
      await store.create('job/2', bytes('ben'));
      await store.remove('job/1', second);
      expect(await store.read('job/1')).toBeNull();
      expect(await all(store, 'job/')).toEqual(['job/2']);
      await expect(store.replace('job/1', bytes('x'), second)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
      await store.create('job/1', bytes(''));
      expect(text(await store.read('job/1'))).toBe('');
      expect(await all(store, 'job/')).toEqual(['job/1', 'job/2']);
      await expect(store.create('job/1', bytes('x'))).rejects.toMatchObject({ code: 'RECORD_EXISTS' });
    });

    it('refuses to remove a record that has changed, and takes one that is absent for removed', async () => {
      const store = await open();
      const first = await store.create('head', bytes('1'));
      await store.replace('head', bytes('2'), first);
      await expect(store.remove('head', first)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
      expect(text(await store.read('head'))).toBe('2');
      await store.remove('nowhere', first);
      expect(await store.read('nowhere')).toBeNull();
    });

    it('never both replaces and removes one revision', async () => {
      const store = await open();
      for (let round = 0; round < 8; round += 1) {
        const path = `race/${String(round)}`;
        const first = await store.create(path, bytes('1'));
        const [replaced, removed] = await Promise.allSettled([
          store.replace(path, bytes('2'), first),
          store.remove(path, first),
        ]);
        expect([replaced.status, removed.status].filter((status) => status === 'fulfilled')).toHaveLength(1);
        expect(text(await store.read(path))).toBe(replaced.status === 'fulfilled' ? '2' : null);
      }
    });

    it('behaves like a map for any sequence of operations', async () => {
      const path = fc.constantFrom('a', 'b/c', 'b/d');
      const act = fc.record({
        kind: fc.constantFrom('create', 'replace', 'replace stale', 'remove', 'remove stale'),
        path,
        content: fc.uint8Array({ maxLength: 8 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
          const store = await open();
          const model = new Map<string, { content: Uint8Array; revision: string }>();
          const old = new Map<string, string[]>();
          for (const { kind, path: of, content } of acts) {
            const known = model.get(of);
            const isStale = kind.endsWith('stale');
            const revision = (isStale ? old.get(of)?.at(-1) : known?.revision) ?? 'none';
            if (kind.startsWith('remove')) {
              const result = await store.remove(of, revision).catch((error: unknown) => error);
              if (isStale && known !== undefined) expect(result).toMatchObject({ code: 'RECORD_CHANGED' });
              else expect(result).toBeUndefined();
              if (isStale || known === undefined) continue;
              model.delete(of);
              old.set(of, [...(old.get(of) ?? []), known.revision]);
              continue;
            }
            const expected = kind === 'create' ? known === undefined : known !== undefined;
            const shouldWin = isStale ? false : expected;
            const result = kind === 'create' ? store.create(of, content) : store.replace(of, content, revision);
            const won = await result.catch((error: unknown) => error);
            if (shouldWin) {
              expect(won).toBeTypeOf('string');
              if (known !== undefined) old.set(of, [...(old.get(of) ?? []), known.revision]);
              model.set(of, { content, revision: String(won) });
            } else {
              expect(won).toMatchObject({ code: kind === 'create' ? 'RECORD_EXISTS' : 'RECORD_CHANGED' });
            }
          }
          expect(await all(store, '')).toEqual([...model.keys()].sort());
          for (const [of, { content }] of model)
            expect(Buffer.from((await store.read(of))?.bytes ?? []).equals(content)).toBe(true);
        }),
        { numRuns: 12, verbose: 1 },
      );
    });

    it('lists paths with a prefix, in code-unit order of the whole path', async () => {
      const store = await open();
      const paths = ['a/b/c', 'a-b', 'a.b', 'a/b-c', 'ab', 'B', 'a/z', 'a~', 'a_b/c', 'a0'];
      for (const path of paths) await store.create(path, bytes(path));
      expect(await all(store, '')).toEqual([...paths].sort());
      expect(await all(store, 'a/')).toEqual(['a/b-c', 'a/b/c', 'a/z']);
      expect(await all(store, 'a/b')).toEqual(['a/b-c', 'a/b/c']);
      expect(await all(store, 'a')).toEqual(paths.filter((path) => path.startsWith('a')).sort());
      expect(await all(store, 'none/')).toEqual([]);
    });

    it.each([
      '',
      '.',
      '..',
      'a/../b',
      '/a',
      'a/',
      'a//b',
      'a\\b',
      'a b',
      'a%2e%2e',
      'é',
      'a/.',
      'x'.repeat(600),
      'a/...',
    ])('refuses the path %j before doing anything', async (path) => {
      const store = await open();
      await expect(store.create(path, bytes(''))).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
      await expect(store.replace(path, bytes(''), 'x')).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
      await expect(store.remove(path, 'x')).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
      await expect(store.read(path)).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
    });

    it('refuses to list outside itself', async () => {
      const store = await open();
      await expect(all(store, '../')).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
    });
  });
}

async function all(store: RecordStore, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of store.list(prefix)) paths.push(path);
  return paths;
}
