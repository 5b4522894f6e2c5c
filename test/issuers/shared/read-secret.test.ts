import { describe, expect, it } from 'vitest';
import { secretReader } from '../../../src/issuers/shared/read-secret.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { memoryVault } from '../../rotation/world/memory-secret-store.ts';

const now = () => new Date('2026-03-01T00:00:00Z');
const signal = AbortSignal.timeout(120_000);

describe('the administrator’s login that the policy names', () => {
  it('is read each time, so that a rotated one takes effect at once, and announced before', async () => {
    const vault = memoryVault('kv', now);
    const told: object[] = [];
    const read = secretReader(new Map([['kv', vault]]), (one) => Promise.resolve(void told.push(one)));
    for (const value of ['one', 'two']) {
      vault.put({ name: 'admin', value: new SecretValue(value) });
      expect((await read('kv/admin', signal)).reveal()).toBe(value);
    }
    const versions = vault.held('admin').map(({ version }) => ({ vault: 'kv', secret: 'admin', version }));
    expect(told).toEqual(versions);
  });

  it('is not read if the read cannot be recorded', async () => {
    const vault = memoryVault('kv', now);
    vault.put({ name: 'admin', value: new SecretValue('one') });
    let reads = 0;
    const watched = {
      ...vault,
      value: async (_name: string, _version: string, before: () => Promise<void>) => {
        await before();
        reads += 1;
        return null;
      },
    };
    const read = secretReader(new Map([['kv', watched]]), () => Promise.reject(new Error('no records')));
    await expect(read('kv/admin', signal)).rejects.toThrow('no records');
    expect(reads).toBe(0);
  });

  it('comes from a vault of the settings, and is never treated as empty', async () => {
    const read = secretReader(new Map([['kv', memoryVault('kv', now)]]), () => Promise.resolve());
    await expect(read('other/admin', signal)).rejects.toMatchObject({ code: 'VAULT_UNREACHABLE' });
    await expect(read('kv/admin', signal)).rejects.toMatchObject({ code: 'SECRET_ABSENT' });
  });
});
