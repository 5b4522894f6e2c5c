import { beforeEach, describe, expect, it } from 'vitest';
import { recordPostedReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import { writeSlice } from '../../src/audit/collection/slice.ts';
import { checkLoggedIds } from '../../src/composition/doctor/check-logged-ids.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { aReceipt } from '../provenance/receipts.ts';

const now = () => new Date('2026-11-02T10:00:00Z');
let records: RecordStore;

beforeEach(async () => {
  records = memoryRecordStore();
  await recordPostedReceipt(records, aReceipt, { postedAt: new Date('2026-11-02T08:00:01Z') });
});

/** The hour's slice, with one row that shows this id. */
async function collect(correlationId: string): Promise<void> {
  const row = {
    TimeGenerated: '2026-11-02T08:00:00.1Z',
    OperationName: 'SecretGet',
    CorrelationId: correlationId,
    HttpStatusCode: 200,
    RequestUri: 'https://kv-prod.vault.azure.net/secrets/database-password?api-version=7.4',
    _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-prod',
  };
  const bounds = { from: '2026-11-02T08:00:00.000Z', to: '2026-11-02T09:00:00.000Z' };
  const counts = { controlTotal: 1, count: 1, added: 1, answers: ['0'.repeat(64)] };
  const query = { name: 'retrievals', sha256: '0'.repeat(64) };
  await writeSlice(records, { format: 1, ...bounds, ...counts, query, collectedAt: bounds.to }, [row]);
}

describe('the ids that a tenant’s log shows', () => {
  it('are the vault’s own when a receipt meets its row by them', async () => {
    await collect(aReceipt.requests[0]?.id.toUpperCase() ?? '');
    expect(await checkLoggedIds({ records, now })).toMatchObject({ verdict: 'pass' });
  });

  it('are a warning when they are the client’s', async () => {
    await collect(aReceipt.clientRequestId);
    const check = await checkLoggedIds({ records, now });
    expect(check).toMatchObject({ verdict: 'warn', says: expect.stringContaining('1 reads by client ids') as string });
  });

  it('are not known while no receipt has met its row, and it says how to find out', async () => {
    await collect('11111111-2222-3333-4444-555555555555');
    const check = await checkLoggedIds({ records, now });
    expect(check).toMatchObject({ verdict: 'warn', says: expect.stringContaining('doctor --audit') as string });
  });
});
