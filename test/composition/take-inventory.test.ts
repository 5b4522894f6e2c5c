import { describe, expect, it } from 'vitest';
import { inventoryAt } from '../../src/audit/collection/inventory-ledger.ts';
import { takeInventory } from '../../src/composition/take-inventory.ts';
import { secretLines } from '../../src/evidence/report/describe-state.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { memoryVault } from '../rotation/world/memory-secret-store.ts';

const now = () => new Date('2026-03-10T10:00:00Z');

describe('the daily inventory', () => {
  it('lists every secret but staging ones, and marks those of Keyturn itself', async () => {
    const settings = readSettings({
      KEYTURN_VAULTS: 'https://kv.vault.azure.net',
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_DATA: '/nowhere',
      KEYTURN_CANARY_SECRET: 'our-canary',
    });
    const vault = memoryVault('kv', now);
    for (const name of ['our-canary', 'token', 'rot-pending--token']) {
      vault.put({ name, value: new SecretValue('x'), created: now(), tags: {} });
    }
    const records = memoryRecordStore();
    await takeInventory({ settings, policy: emptyPolicy, stores: new Map([['kv', vault]]), records, now });
    const entries = (await inventoryAt(records, now()))?.entries ?? [];
    expect(entries.map(({ secret, own }) => [secret, own ?? false])).toEqual([
      ['our-canary', true],
      ['token', false],
    ]);
    const lines = secretLines(entries.map((entry) => ({ ...entry, ageDays: 0, reads: 0, lastReadAt: null })));
    expect(lines.map(({ secret, issuer }) => [secret, issuer])).toEqual([
      ['kv/our-canary', "Keyturn's own"],
      ['kv/token', 'not bound'],
    ]);
  });

  it('names who replaces what no issuer does: the owner of a tracked secret, or a certificate of the vault', async () => {
    const settings = readSettings({
      KEYTURN_VAULTS: 'https://kv.vault.azure.net',
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_DATA: '/nowhere',
    });
    const vault = memoryVault('kv', now);
    vault.put({ name: 'licence', value: new SecretValue('x'), created: now() });
    vault.put({ name: 'site', value: new SecretValue('x'), created: now(), managed: true });
    const text = 'format: 1\nsecrets:\n  licence: { owner: shop team, validity: 365d }\n';
    const policy = parsePolicy(text, 'keyturn.policy.yml', settings.vaults);
    const records = memoryRecordStore();
    await takeInventory({ settings, policy, stores: new Map([['kv', vault]]), records, now });
    const entries = (await inventoryAt(records, now()))?.entries ?? [];
    const lines = secretLines(entries.map((entry) => ({ ...entry, ageDays: 0, reads: 0, lastReadAt: null })));
    expect(lines.map(({ secret, issuer, validityDays }) => [secret, issuer, validityDays])).toEqual([
      ['kv/licence', 'people (shop team)', 365],
      ['kv/site', 'a certificate of the vault', null],
    ]);
  });
});
