import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../src/rotation/journal/check-transition.ts';
import { appendEntry, journalHeads, readJournal } from '../../src/rotation/journal/target-journal.ts';
import { parseJournalEntry } from '../../src/rotation/journal/journal-entry.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { personCalled } from '../provenance/people.ts';
import { journalOfSecret } from './world/by-hand.ts';
import { bindingOf, rotationWorld } from './world/rotation-world.ts';

const id = 'abcdefghij234567';
const by = personCalled('ann');
const entry = (writer: string, at = '2026-03-01T00:00:00.123Z'): NewEntry => ({
  writer,
  at,
  kind: 'note',
  act: 'go',
  facts: { by, text: 'go on' },
  operations: [],
});

describe('the journal of a target', () => {
  it('reads nothing for a target that it has never heard of', async () => {
    expect((await readJournal(memoryRecordStore(), id)).entries).toEqual([]);
  });

  it('returns entries in order, chained by their hashes', async () => {
    const records = memoryRecordStore();
    const first = await appendEntry(records, await readJournal(records, id), entry('a'));
    const second = await appendEntry(records, first, entry('a', '2026-03-01T00:00:01.000Z'));
    const read = await readJournal(records, id);
    expect(read.entries).toEqual(second.entries);
    expect(read.entries.map(({ number, previous }) => [number, previous])).toEqual([
      [1, null],
      [2, first.state.head],
    ]);
  });

  it('lets exactly one of two workers write the same number', async () => {
    const records = memoryRecordStore();
    const empty = await readJournal(records, id);
    const results = await Promise.allSettled([
      appendEntry(records, empty, entry('a')),
      appendEntry(records, empty, entry('b')),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'JOURNAL_CONFLICT' } });
  });

  it('is unreadable when an entry was altered, taken away, or written another way', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const target = (await journalOfSecret(world))[0]?.target ?? '';
    const whole = new Map<string, Uint8Array>();
    for await (const path of world.records.list(`journal/${target}/`))
      whole.set(path, (await world.records.read(path))?.bytes ?? new Uint8Array());
    expect(whole.size).toBeGreaterThan(6);
    const copyWith = async (change: (text: string, index: number) => string | null) => {
      const records = memoryRecordStore();
      for (const [index, [path, bytes]] of [...whole].entries()) {
        const text = change(new TextDecoder().decode(bytes), index);
        if (text !== null) await records.create(path, new TextEncoder().encode(text));
      }
      return (await readJournal(records, target)).entries;
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
    const { state } = await appendEntry(records, await readJournal(records, id), entry('a'));
    expect(await journalHeads(records)).toEqual([{ target: id, entries: 1, head: state.head }]);
  });
});

describe('an entry on disk', () => {
  const whole = { ...entry('a'), format: 1, target: id, number: 1, previous: null };
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
      JSON.parse(JSON.stringify(whole).replace('"facts":{', '"facts":{"constructor":1,')),
    ],
    ['without a member', { ...whole, writer: undefined }],
    ['with a time that is none', { ...whole, at: 'yesterday' }],
    ['with an unknown act', { ...whole, act: 'finish' }],
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
