import { describe, expect, it } from 'vitest';
import { saveRetrievalCollection } from '../../../src/audit/collection/retrieval-collection.ts';
import { writeSlice } from '../../../src/audit/collection/slice.ts';
import type { Posture } from '../../../src/audit/model/posture.ts';
import { keepPosture } from '../../../src/audit/posture/posture-ledger.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { policy } from '../attribution-fixtures.ts';
import { auditWithReads } from '../collected-events.ts';
import { assignment, posture, seen } from './posture-fixtures.ts';

const dayMs = 86_400_000;
const april = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };
const groupId = '00000000-0000-4000-8000-0000000000aa';

/** A classic vault whose access policies name these identities. */
const classic = (...objectIds: readonly string[]) =>
  posture({
    setup: {
      usesRoles: false,
      accessPolicies: objectIds.map((objectId) => ({ objectId, applicationId: null, secrets: ['get'] })),
    },
    groups: Object.fromEntries(objectIds.map((one) => [one, { outcome: 'not-seen', because: 'not-there' } as const])),
  });

/** Daily looks from 20 December to the end of April, and every row of that time. */
async function watched(shown: (day: string) => Posture, readOn: readonly string[] = []): Promise<RecordStore> {
  const records = memoryRecordStore();
  for (let at = Date.parse('2025-12-20T06:00:00Z'); at < april.to.getTime(); at += dayMs) {
    const now = new Date(at);
    const look = { ...shown(now.toISOString().slice(0, 10)), at: now.toISOString() };
    await keepPosture(records, { look: () => Promise.resolve(look) }, now);
  }
  for (const day of readOn) await keepRead(records, day);
  const ends = { since: '2025-12-20T00:00:00.000Z', readTo: april.to.toISOString(), watermark: april.to.toISOString() };
  await saveRetrievalCollection(records, { format: 1, ...ends, held: {}, unread: [], queries: {} }, null);
  return records;
}

/** A read of the vault by `runner`. */
async function keepRead(records: RecordStore, day: string): Promise<void> {
  const from = new Date(`${day}T00:00:00Z`);
  const to = new Date(from.getTime() + dayMs).toISOString();
  const row = {
    TimeGenerated: `${day}T10:00:00.0000000Z`,
    OperationName: 'SecretGet',
    HttpStatusCode: 200,
    ResultSignature: 'OK',
    Id: 'https://kv-prod.vault.azure.net/secrets/db/v1',
    RequestUri: 'https://kv-prod.vault.azure.net/secrets/db/?api-version=7.6',
    Identity: { claim: { oid: 'runner', appid: 'app' } },
    CorrelationId: day,
    _ResourceId: '/subscriptions/s/resourcegroups/shop/providers/microsoft.keyvault/vaults/kv-prod',
  };
  const bounds = { from: from.toISOString(), to, collectedAt: to };
  const counts = { controlTotal: 1, count: 1, added: 1 };
  await writeSlice(records, { format: 1, ...bounds, query: { name: 'q', sha256: 'q' }, ...counts, answers: [] }, [row]);
}

/** The unused grants that the report of April tells of. */
async function unused(records: RecordStore) {
  const rest = { policy: policy(), vaults: ['kv-prod'], inventory: [], rotations: [], now: april.to };
  const { findings } = await auditWithReads({ records, period: april, division: { threads: 0 }, ...rest });
  return findings.filter(({ rule }) => rule === 'grant-unused').map(({ subject, ended }) => ({ subject, ended }));
}

describe('a report of one month', () => {
  it('finds the access policy that nobody used in ninety days', async () => {
    expect(await unused(await watched(() => classic('runner')))).toEqual([{ subject: 'kv-prod', ended: null }]);
  });

  it('says when an unused access policy was taken away', async () => {
    const records = await watched((day) => (day < '2026-04-10' ? classic('runner') : classic()));
    expect(await unused(records)).toMatchObject([{ ended: { by: 'the look of 2026-04-10T06:00:00.000Z' } }]);
  });

  it('finds none that is younger, was used, or ended before', async () => {
    expect(await unused(await watched((day) => (day < '2026-02-10' ? classic() : classic('runner'))))).toEqual([]);
    expect(await unused(await watched(() => classic('runner'), ['2026-02-20']))).toEqual([]);
    expect(await unused(await watched((day) => (day < '2026-03-31' ? classic('runner') : classic())))).toEqual([]);
  });

  it('counts the grant of a group from the look that first shows the member in it', async () => {
    const given = [assignment({ role: 'key-vault-secrets-user', principalId: groupId, principalType: 'Group' })];
    const withMember = (...members: readonly string[]) =>
      posture({ assignments: given, groups: { [groupId]: seen(members) } });
    expect(await unused(await watched((day) => (day < '2026-04-20' ? withMember() : withMember('runner'))))).toEqual(
      [],
    );
    expect(await unused(await watched(() => withMember('runner')))).toHaveLength(1);
  });
});
