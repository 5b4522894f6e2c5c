import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headsPath, headsPayloadType, sealJournalHeads } from '../../src/composition/seal-journal-heads.ts';
import { openEnvelope, signatureHolds } from '../../src/evidence/pack/dsse-envelope.ts';
import { localSigner } from '../../src/files/local-signer.ts';
import { whoAsks } from '../../src/commands/who-asks.ts';
import { appendRetention, headOf } from '../../src/retention/retention-record.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

const at = new Date('2026-03-01T02:30:00Z');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-heads-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('the heads of the journal', () => {
  it('are sealed once a day, by the key that seals packs', async () => {
    const records = memoryRecordStore();
    const signer = async () => await localSigner(join(folder, 'key.pem'));
    const hold = { act: 'hold', by: whoAsks(), reason: 'case 4711', from: null, to: null } as const;
    const entries = await appendRetention(records, [], { at, facts: hold });
    const parts = { records, signer, now: () => at };
    expect(await sealJournalHeads(parts)).toBe(0);
    const first = await records.read(headsPath(at));
    const envelope = openEnvelope(first?.bytes ?? new Uint8Array());
    expect(envelope?.payloadType).toBe(headsPayloadType);
    expect(envelope !== null && signatureHolds(envelope, (await signer()).publicKey)).toBe(true);
    expect(JSON.parse(Buffer.from(envelope?.payload ?? []).toString('utf8'))).toEqual({
      at: at.toISOString(),
      format: 1,
      heads: [],
      retention: { entries: 1, head: headOf(entries ?? []) },
    });

    await sealJournalHeads(parts);
    expect((await records.read(headsPath(at)))?.revision).toBe(first?.revision);
  });
});
