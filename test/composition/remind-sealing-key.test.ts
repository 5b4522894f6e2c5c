import { mkdtemp, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyVaultSigner } from '../../src/azure/key-vault-signer.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { createCaller } from '../../src/composition/people/call-people.ts';
import { reminderOf } from '../../src/composition/policy/remind-sealing-key.ts';
import { localSigner } from '../../src/files/local-signer.ts';
import { pinoLogger } from '../../src/log/pino-logger.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import { keyVaultOfOneKey } from '../evidence/key-vault-keys.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { channelOf, memoryNotifier } from '../notify/memory-notifier.ts';

const dayMs = 86_400_000;
const made = new Date('2026-03-02T08:00:00Z');
const after = (days: number) => new Date(made.getTime() + days * dayMs);
const credential = { getToken: () => Promise.resolve({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) };

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'keyturn-seal-'))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function keyFile(at: Date): Promise<string> {
  const path = join(folder, 'seal.pem');
  await localSigner(path);
  await utimes(path, at, at);
  return path;
}

describe('the key that seals packs', () => {
  it('is told of 30, 14, 7 and 1 days before its year is over and once when it is, and is over with the next key', async () => {
    const path = await keyFile(made);
    const records = memoryRecordStore();
    const channel = memoryNotifier();
    const logger = pinoLogger({ level: 'warn', format: 'json', now: () => made, write: () => undefined });
    const look = async (now: Date) => {
      const channels = [{ ...channelOf(channel.notifier), takes: () => true }];
      const outbox = notificationOutbox({ records, channels, logger, now: () => now });
      const people = createCaller({ outbox, records, logger, now: () => now });
      await people.afterSealing(reminderOf(await localSigner(path), [], now));
    };
    const toldOn: number[] = [];
    for (let day = 320; day < 380; day += 1) {
      const before = channel.received.length;
      await look(after(day));
      await look(after(day));
      if (channel.received.length > before) toldOn.push(365 - day);
    }
    expect(toldOn).toEqual([30, 14, 7, 1, 0]);
    const { fingerprint } = await localSigner(path);
    expect(channel.received[0]?.text).toContain(`ends on 2027-03-02, and nothing but a person replaces it`);
    expect(channel.received[0]?.text).toContain(fingerprint);
    expect(channel.received.at(-1)?.text).toContain('ended on 2027-03-02');
    await rename(path, `${path}.old`);
    await keyFile(after(380));
    await look(after(380));
    expect(channel.received.at(-1)?.text).toBe(`end of the sealing key ${fingerprint} needs nobody any more.`);
    expect(channel.received).toHaveLength(6);
  });

  it('is as old as the first pack that it sealed, where its file was copied since', () => {
    const life = { madeAt: after(300), endsAt: null };
    const packs = [
      { fingerprint: 'another', createdAt: after(-900).toISOString() },
      { fingerprint: 'f', createdAt: made.toISOString() },
      { fingerprint: 'f', createdAt: after(90).toISOString() },
    ];
    const end = after(365).toISOString();
    expect(reminderOf({ fingerprint: 'f', life }, packs, after(400))).toMatchObject({ endsAt: end, left: null });
    expect(reminderOf({ fingerprint: 'f' }, packs, after(340))).toMatchObject({ endsAt: end, left: '30d' });
    expect(reminderOf({ fingerprint: 'f', life }, [], after(400))).toBeNull();
    expect(reminderOf({ fingerprint: 'f' }, [], after(4_000))).toBeNull();
  });

  it('ends at its expiry in Key Vault, and else a year after its creation there', async () => {
    const seconds = (at: Date) => at.getTime() / 1000;
    const ends = async (attributes: { readonly created?: number; readonly exp?: number }) => {
      const vault = await keyVaultOfOneKey({ attributes });
      try {
        const signer = await keyVaultSigner({ keyId: vault.keyId, credential, embedded: true });
        return reminderOf(signer, [], after(364))?.endsAt ?? null;
      } finally {
        await vault.close();
      }
    };
    expect(await ends({ created: seconds(made), exp: seconds(after(370)) })).toBe(after(365).toISOString());
    expect(await ends({ created: seconds(after(200)), exp: seconds(after(370)) })).toBe(after(370).toISOString());
    expect(await ends({ exp: seconds(after(370)) })).toBe(after(370).toISOString());
    expect(await ends({ created: seconds(after(200)) })).toBeNull();
    expect(await ends({})).toBeNull();
  });

  it('is looked at with the reports of each day, and told of in the log where there is no channel', async () => {
    const lines: string[] = [];
    const environment = {
      KEYTURN_EMBEDDED: 'on',
      KEYTURN_VAULTS: 'http://localhost:9',
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
      KEYTURN_DATA: join(folder, 'data'),
      KEYTURN_REPORT_PERIODS: 'none',
      KEYTURN_SIGNING_KEY: await keyFile(made),
    };
    const { keyturn } = await composeKeyturn(environment, {
      now: () => after(360),
      logTo: { write: (line) => void lines.push(line), isTerminal: false },
    });
    await keyturn.produceReports();
    await keyturn.produceReports();
    expect(lines.filter((line) => line.includes('The key that seals packs ends on 2027-03-02'))).toHaveLength(1);
  });
});
