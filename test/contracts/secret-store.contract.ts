import { describe, expect, it } from 'vitest';
import type { SecretStore, SecretVersion } from '../../src/rotation/ports/secret-store.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';

/** For reads that nobody accounts for. */
const unrecorded = (): Promise<void> => Promise.resolve();

/** The contract of every secret store, run on each adapter. `open` returns a store over an empty vault. */
export function secretStoreContract(name: string, open: () => Promise<SecretStore>): void {
  describe(`secret store: ${name}`, () => {
    it('returns null for a missing secret', async () => {
      const store = await open();
      expect(await store.latest('none')).toBeNull();
      expect(await store.versions('none')).toEqual([]);
      expect(await store.value('none', '0'.repeat(32), unrecorded)).toBeNull();
      expect(await all(store)).toEqual([]);
    });

    it('returns a version as it was added', async () => {
      const store = await open();
      const expires = new Date('2027-03-01T00:00:00Z');
      const added = await store.add({
        ...plain('a', 'value one'),
        expires,
        contentType: 'text/plain',
        tags: { environment: 'prod' },
      });
      expect(added).toMatchObject({
        name: 'a',
        enabled: true,
        notBefore: null,
        expires,
        contentType: 'text/plain',
        tags: { environment: 'prod' },
      });
      expect(added.version).toMatch(/^[0-9a-f]{32}$/);
      expect(await store.latest('a')).toEqual(added);
      expect((await store.value('a', added.version, unrecorded))?.equals(new SecretValue('value one'))).toBe(true);
    });

    it('orders versions newest first, including those that rotations created in one second', async () => {
      const store = await open();
      const made: SecretVersion[] = [];
      for (let count = 0; count < 8; count++) {
        const tags: Record<string, string> = { 'rotated-from': made.at(-1)?.version ?? '' };
        made.push(await store.add({ ...plain('a', `value ${String(count)}`), tags }));
      }
      expect((await store.versions('a')).map(({ version }) => version)).toEqual(
        made.map(({ version }) => version).reverse(),
      );
      expect(await store.latest('a')).toEqual(made.at(-1));
    });

    it('adds nothing after its deadline, as when the machine slept while it signed in', async () => {
      const store = await open();
      const late = { ...plain('a', 'value one'), deadline: { hasPassed: () => true } };
      await expect(store.add(late)).rejects.toMatchObject({ code: 'LEASE_ENDED' });
      expect(await store.latest('a')).toBeNull();
    });

    it('does not inherit properties in a new version', async () => {
      const store = await open();
      await store.add({ ...plain('a', 'value one'), contentType: 'text/plain', tags: { owner: 'them' } });
      expect(await store.add(plain('a', 'value two'))).toMatchObject({ contentType: null, tags: {}, expires: null });
    });

    it('replaces the whole map of tags, and keeps properties that a change does not name', async () => {
      const store = await open();
      const expires = new Date('2027-03-01T00:00:00Z');
      const { version } = await store.add({ ...plain('a', 'value one'), expires, tags: { one: '1', two: '2' } });
      expect(await store.update('a', version, { tags: { three: '3' } })).toMatchObject({
        tags: { three: '3' },
        enabled: true,
        expires,
      });
      expect(await store.update('a', version, { enabled: false })).toMatchObject({
        tags: { three: '3' },
        enabled: false,
        expires,
      });
    });

    it('shows a disabled newest version as the newest, without disclosing its value', async () => {
      const store = await open();
      const { version: first } = await store.add(plain('a', 'value one'));
      const { version } = await store.add({ ...plain('a', 'value two'), tags: { 'rotated-from': first } });
      await store.update('a', version, { enabled: false });
      expect(await store.latest('a')).toMatchObject({ version, enabled: false });
      await expect(store.value('a', version, unrecorded)).rejects.toMatchObject({ code: 'SECRET_DISABLED' });
      expect(await store.value('a', first, unrecorded)).not.toBeNull();
    });

    it('says before each request for a value that it is about to be made, and makes none if that cannot be written down', async () => {
      const store = await open();
      const { version } = await store.add(plain('a', 'value one'));
      let requests = 0;
      await store.value('a', version, () => {
        requests += 1;
        return Promise.resolve();
      });
      expect(requests).toBe(1);
      const unwritable = new ServiceError('RECORD_CHANGED', { path: 'own-reads/x' });
      await expect(store.value('a', version, () => Promise.reject(unwritable))).rejects.toBe(unwritable);
    });

    it('lists the newest version of every secret', async () => {
      const store = await open();
      const names = Array.from({ length: 30 }, (_, index) => `secret-${String(index)}`);
      for (const each of names) await store.add(plain(each, 'old value'));
      const { version } = await store.add({
        ...plain('secret-7', 'new value'),
        tags: { 'rotated-from': (await store.latest('secret-7'))?.version ?? '' },
      });
      const listed = await all(store);
      expect(listed.map((one) => one.name).sort()).toEqual([...names].sort());
      expect(listed.find((one) => one.name === 'secret-7')?.version).toBe(version);
    });

    it("returns the vault's own time once it has answered", async () => {
      const store = await open();
      await store.latest('a');
      expect(store.serverTime()).toBeInstanceOf(Date);
    });
  });
}

function plain(name: string, value: string) {
  return { name, value: new SecretValue(value), expires: null, contentType: null, tags: {} };
}

async function all(store: SecretStore): Promise<SecretVersion[]> {
  const versions: SecretVersion[] = [];
  for await (const version of store.list()) versions.push(version);
  return versions;
}
