import { describe, expect, it } from 'vitest';
import { recordInventory } from '../../src/audit/collection/inventory-ledger.ts';
import type { InventoriedSecret } from '../../src/audit/model/audited-period.ts';
import { reportPeriod } from '../../src/composition/report-period.ts';
import { readPackFile } from '../../src/evidence/pack/pack-archive.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { knownSigner } from '../evidence/order.ts';
import { memoryRecords } from '../evidence/memory-records.ts';

const settings = readSettings({
  KEYTURN_VAULTS: 'https://kv.vault.azure.net',
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_DATA: '/data',
});

const overdue: InventoriedSecret = {
  vault: 'kv',
  secret: 'database',
  version: 'v1',
  created: '2026-02-01T00:00:00.000Z',
  expires: '2026-03-03T12:00:00.000Z',
  enabled: true,
  environment: 'prod',
  issuer: null,
  validityDays: null,
};
const rotated: InventoriedSecret = {
  ...overdue,
  version: 'v2',
  created: '2026-03-05T09:00:00.000Z',
  expires: '2026-09-05T09:00:00.000Z',
};
const unending: InventoriedSecret = { ...overdue, secret: 'unending', expires: null };

interface PackedFinding {
  readonly id: string;
  readonly rule: string;
  readonly ended: { readonly at: string; readonly by: string } | null;
  readonly life: { readonly state: string };
}

describe('two packs, of a period before a repair and of a longer one after it', () => {
  it('have the same exceptions, one of them fixed, by its event', async () => {
    const records = memoryRecords();
    let now = new Date('2026-03-02T00:00:00Z');
    const ports = {
      records,
      policy: () => emptyPolicy,
      settings,
      signer: () => Promise.resolve(knownSigner()),
      now: () => now,
    };
    const inventories = [
      ['2026-03-02', overdue],
      ['2026-03-03', overdue],
      ['2026-03-04', overdue],
      ['2026-03-05', rotated],
      ['2026-03-06', rotated],
    ] as const;
    for (const [day, secret] of inventories) {
      await recordInventory(records, [secret, unending], new Date(`${day}T23:00:00Z`));
    }
    const packOf = async (to: string, sealedAt: string) => {
      now = new Date(sealedAt);
      const period = { from: new Date('2026-03-02T00:00:00Z'), to: new Date(to) };
      const { id } = await reportPeriod(ports, { period, frameworks: ['soc2'] });
      const text = Buffer.from((await readPackFile(records, id, 'findings.ndjson')) ?? []).toString();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as PackedFinding)
        .filter(({ rule }) => rule === 'rotation-overdue' || rule === 'secret-without-expiry');
    };
    const before = await packOf('2026-03-05T00:00:00Z', '2026-03-07T06:00:00Z');
    const after = await packOf('2026-03-07T00:00:00Z', '2026-03-09T06:00:00Z');
    expect(before.map(({ rule, life }) => `${rule} ${life.state}`).sort()).toEqual([
      'rotation-overdue open',
      'secret-without-expiry open',
    ]);
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    expect(after.filter(({ life }) => life.state === 'fixed')).toMatchObject([
      { rule: 'rotation-overdue', ended: { at: rotated.created, by: 'kv/database@v2' } },
    ]);
    expect(after.find(({ rule }) => rule === 'secret-without-expiry')?.life.state).toBe('open');
  });
});
