import { describe, expect, it } from 'vitest';
import { secretReader } from '../../src/issuers/read-secret.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { memoryVault } from '../rotation/world/memory-secret-store.ts';

const now = () => new Date('2026-03-01T00:00:00Z');
const signal = AbortSignal.timeout(5_000);

describe('the administrator’s login that the policy names', () => {
  it('is read anew each time, so that a rotated one counts at once', async () => {
    const vault = memoryVault('kv', now);
    const read = secretReader(new Map([['kv', vault]]));
    for (const value of ['one', 'two']) {
      vault.put({ name: 'admin', value: new SecretValue(value) });
      expect((await read('kv/admin', signal)).reveal()).toBe(value);
    }
  });

  it('comes from a vault of the settings, and is never taken to be empty', async () => {
    const read = secretReader(new Map([['kv', memoryVault('kv', now)]]));
    await expect(read('other/admin', signal)).rejects.toMatchObject({ code: 'VAULT_UNREACHABLE' });
    await expect(read('kv/admin', signal)).rejects.toMatchObject({ code: 'SECRET_ABSENT' });
  });
});
