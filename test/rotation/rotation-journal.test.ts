import { describe, expect, it } from 'vitest';
import { appendEntry, digestOf, journalHeads, readJournal } from '../../src/rotation/rotation-journal.ts';
import { parseJournalEntry } from '../../src/rotation/parse-journal-entry.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, rotationWorld } from './world/rotation-world.ts';

const id = 'abcdefghij234567';
const entry = (fence: number, at = '2026-03-01T00:00:00.123Z') =>
  ({
    attempt: 1,
    fence,
    at,
    kind: 'outcome',
    act: 'wait',
    step: 'claimed',
    state: 'claimed',
    facts: {},
    operations: [],
  }) as const;

describe('the journal of a rotation', () => {
  it('reads nothing for a rotation that it has never heard of', async () => {
    expect(await readJournal(memoryRecordStore(), id)).toEqual([]);
  });

  it('gives entries back in order, chained by their hashes', async () => {
    const records = memoryRecordStore();
    const first = await appendEntry(records, id, [], entry(1));
    const second = await appendEntry(records, id, [first], entry(1, '2026-03-01T00:00:01.000Z'));
    const read = await readJournal(records, id);
    expect(read).toEqual([first, second]);
    expect(read.map(({ number, previous }) => [number, previous])).toEqual([
      [1, null],
      [2, digestOf(first)],
    ]);
  });

  it('lets exactly one of two workers write the same number', async () => {
    const records = memoryRecordStore();
    const results = await Promise.allSettled([
      appendEntry(records, id, [], entry(1)),
      appendEntry(records, id, [], entry(2)),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'JOURNAL_CONFLICT' } });
  });

  it('refuses a writer whose fence is older than the newest entry', async () => {
    const records = memoryRecordStore();
    const first = await appendEntry(records, id, [], entry(5));
    await expect(appendEntry(records, id, [first], entry(4))).rejects.toMatchObject({ code: 'JOURNAL_CONFLICT' });
  });

  it('is unreadable when an entry was altered, taken away, or written another way', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { rotationId } = await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    const folder = `journal/${rotationId ?? ''}/`;
    const whole = new Map<string, Uint8Array>();
    for await (const path of world.records.list(folder))
      whole.set(path, (await world.records.read(path))?.bytes ?? new Uint8Array());
    expect(whole.size).toBeGreaterThan(6);
    const copyWith = async (change: (text: string, index: number) => string | null) => {
      const records = memoryRecordStore();
      for (const [index, [path, bytes]] of [...whole].entries()) {
        const text = change(new TextDecoder().decode(bytes), index);
        if (text !== null) await records.create(path, new TextEncoder().encode(text));
      }
      return readJournal(records, rotationId ?? '');
    };
    expect(await copyWith((text) => text)).toHaveLength(whole.size);
    for (let broken = 0; broken < whole.size - 1; broken += 1) {
      const only = (change: (text: string) => string | null) => (text: string, index: number) =>
        index === broken ? change(text) : text;
      await expect(copyWith(only((text) => text.replace('2026-03-01', '2026-03-02')))).rejects.toMatchObject({
        code: 'RECORD_UNREADABLE',
      });
      await expect(copyWith(only(() => null))).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
      await expect(copyWith(only((text) => ` ${text}`))).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
    }
  });

  it('tells the head of every chain, for the daily seal', async () => {
    const records = memoryRecordStore();
    const first = await appendEntry(records, id, [], entry(1));
    expect(await journalHeads(records)).toEqual([{ rotationId: id, entries: 1, head: digestOf(first) }]);
  });
});

describe('an entry on disk', () => {
  const whole = { ...entry(1), format: 1, rotationId: id, number: 1, previous: null };
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  it('parses when it is exactly of the format', () => {
    expect(parseJournalEntry(bytes(whole), 'p')).toEqual(whole);
  });
  it.each<[string, unknown]>([
    ['of another format', { ...whole, format: 2 }],
    ['with a member that is not known', { ...whole, value: 'x' }],
    ['with a fact that is not known', { ...whole, facts: { value: 'x' } }],
    [
      'with a member of an inherited name',
      JSON.parse(JSON.stringify(whole).replace('"facts":{}', '"facts":{"constructor":1}')),
    ],
    ['without a member', { ...whole, fence: undefined }],
    ['with a time that is none', { ...whole, at: 'yesterday' }],
    ['with an unknown step', { ...whole, step: 'finished' }],
    ['with a number from nowhere', { ...whole, number: 0 }],
    ['that is a list', [whole]],
  ])('is refused %s', (_name, value) => {
    expect(() => parseJournalEntry(bytes(value), 'p')).toThrow(
      expect.objectContaining({ code: 'RECORD_UNREADABLE' }) as Error,
    );
  });
  it('is refused when it is not JSON', () => {
    expect(() => parseJournalEntry(new Uint8Array([0xff]), 'p')).toThrow(
      expect.objectContaining({ code: 'RECORD_UNREADABLE' }) as Error,
    );
  });
});
