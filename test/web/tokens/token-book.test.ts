import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/log/logger.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { hourMs } from '../../../src/secrets/duration.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { recordedTokens } from '../../../src/web/tokens/token-book.ts';
import { readTokenText } from '../../../src/web/tokens/token-text.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { personCalled } from '../../provenance/people.ts';

/** A book over records of its own, whose time the test moves. */
function bookUnderTest(change: (records: RecordStore) => RecordStore = (records) => records) {
  const records = memoryRecordStore();
  let at = new Date('2026-03-01T12:20:00Z');
  const writes: string[] = [];
  const watched: RecordStore = {
    ...records,
    create: async (path, bytes) => {
      writes.push(path);
      return await records.create(path, bytes);
    },
    replace: async (path, bytes, revision) => {
      writes.push(path);
      return await records.replace(path, bytes, revision);
    },
  };
  const book = recordedTokens({ records: change(watched), now: () => at, logger: silentLogger });
  return { book, records, writes, pass: (ms: number) => void (at = new Date(at.getTime() + ms)) };
}

const wanted = { name: 'ci', scopes: ['read', 'rotate'], lifetimeMs: 24 * hourMs, by: personCalled('ann') } as const;

function textOf(text: string) {
  const read = readTokenText(`Bearer ${text}`);
  if (read === null || read === 'malformed') throw new Error('This is no whole token.');
  return read;
}

describe('an API token', () => {
  it('is recognised by its text until it expires, with its scopes', async () => {
    const { book, pass } = bookUnderTest();
    const { token, text } = await book.create(wanted);
    expect(text.reveal()).toMatch(/^keyturn_[0-9a-f]{20}_[\w-]{43}$/);
    expect(await book.use(textOf(text.reveal()))).toEqual(token);
    pass(wanted.lifetimeMs - 1);
    expect(await book.use(textOf(text.reveal()))).toMatchObject({ scopes: ['read', 'rotate'] });
    pass(1);
    await expect(book.use(textOf(text.reveal()))).rejects.toMatchObject({
      code: 'API_TOKEN_REFUSED',
      details: { reason: 'expired' },
    });
  });

  it('is stored without its secret', async () => {
    const { book, records } = bookUnderTest();
    const { token, text } = await book.create(wanted);
    const { secret } = textOf(text.reveal());
    await book.use(textOf(text.reveal()));
    for await (const path of records.list('')) {
      const stored = Buffer.from((await records.read(path))?.bytes ?? []).toString();
      expect([path, stored.includes(secret.reveal())]).toEqual([path, false]);
      expect(stored).not.toContain(text.reveal());
    }
    expect((await book.list())[0]?.id).toBe(token.id);
  });

  it('is unknown with another secret, and by another id', async () => {
    const { book } = bookUnderTest();
    const { text } = await book.create(wanted);
    const { text: other } = await book.create(wanted);
    const [one, two] = [textOf(text.reveal()), textOf(other.reveal())];
    for (const wrong of [
      { id: one.id, secret: two.secret },
      { id: '0'.repeat(20), secret: one.secret },
    ])
      await expect(book.use(wrong)).rejects.toMatchObject({
        code: 'API_TOKEN_REFUSED',
        details: { reason: 'unknown' },
      });
  });

  it('ends at every instance as soon as one revokes it, and keeps who did it first', async () => {
    const { book, records } = bookUnderTest();
    const { token, text } = await book.create(wanted);
    const elsewhere = recordedTokens({ records, now: () => new Date('2026-03-01T13:00:00Z'), logger: silentLogger });
    await elsewhere.use(textOf(text.reveal()));
    await book.revoke(token.id, personCalled('ben'));
    await expect(elsewhere.use(textOf(text.reveal()))).rejects.toMatchObject({ details: { reason: 'revoked' } });
    expect((await elsewhere.revoke(token.id, personCalled('cem'))).revoked?.by.name).toBe('ben');
    await expect(book.revoke('0'.repeat(20), personCalled('ben'))).rejects.toMatchObject({ code: 'API_TOKEN_UNKNOWN' });
  });

  it('is noted as used once an hour, however often it asks', async () => {
    const { book, writes, pass } = bookUnderTest();
    const { text } = await book.create(wanted);
    expect((await book.list())[0]?.lastUsedAt).toBeNull();
    for (let times = 0; times < 50; times += 1) await book.use(textOf(text.reveal()));
    expect(writes.filter((path) => path.startsWith('web/token-uses/'))).toHaveLength(1);
    pass(hourMs);
    await book.use(textOf(text.reveal()));
    expect((await book.list())[0]?.lastUsedAt).toEqual(new Date('2026-03-01T13:00:00Z'));
    expect(writes.filter((path) => path.startsWith('web/token-uses/'))).toHaveLength(2);
  });

  it('counts although its use cannot be noted, and is denied if it cannot be looked up', async () => {
    const refuse = () =>
      Promise.reject(new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'memory', reason: 'a test' }));
    const full = bookUnderTest((records) => ({
      ...records,
      create: async (path, bytes) =>
        path.startsWith('web/token-uses/') ? await refuse() : await records.create(path, bytes),
    }));
    const { text } = await full.book.create(wanted);
    expect(await full.book.use(textOf(text.reveal()))).toMatchObject({ name: 'ci' });
    const away = bookUnderTest((records) => ({ ...records, read: refuse }));
    await expect(away.book.use(textOf(text.reveal()))).rejects.toMatchObject({ code: 'RECORD_STORE_UNREACHABLE' });
  });

  it('survives a revocation and a note of its use that meet', async () => {
    const { book } = bookUnderTest();
    const { token, text } = await book.create(wanted);
    await Promise.all([book.use(textOf(text.reveal())).catch(() => null), book.revoke(token.id, personCalled('ben'))]);
    await expect(book.use(textOf(text.reveal()))).rejects.toMatchObject({ details: { reason: 'revoked' } });
  });
});
