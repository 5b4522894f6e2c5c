import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { writeJournalFiles } from '../../../src/evidence/pack/journal-files.ts';
import { readJournalLines } from '../../../src/rotation/history/read-journal-lines.ts';
import { journalLines } from '../../docs/rotation-examples.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';

const digest = (line: string): string => createHash('sha256').update(line).digest('hex');

/** Rows of the two files, from a journal of two entries that were written in March. */
async function written(from: string): Promise<{ heads: readonly string[]; entries: readonly string[] }> {
  const records = memoryRecordStore();
  const lines = (await journalLines()).trimEnd().split('\n');
  const { target } = JSON.parse(lines[0] ?? '') as { target: string };
  for (const [index, line] of lines.entries()) {
    const number = String(index + 1).padStart(6, '0');
    await records.create(`journal/${target}/${number}.json`, Buffer.from(`${line}\n`));
  }
  const files = new Map<string, string>();
  await writeJournalFiles(
    { write: async (path, bytes) => await Promise.resolve(void files.set(path, Buffer.from(bytes).toString())) },
    readJournalLines(records, new Date(from)),
  );
  const rowsOf = (path: string) => (files.get(path) ?? '').trimEnd().split('\n');
  return { heads: rowsOf('journals.ndjson'), entries: rowsOf('journal-entries.ndjson') };
}

interface Entry {
  readonly previous: string | null;
}

describe('the journals in a pack', () => {
  it('state heads that anybody can recompute from the entries beside them', async () => {
    const { heads, entries } = await written('2026-03-01T00:00:00Z');
    expect(heads.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        format: 1,
        journal: expect.stringMatching(/^journal\/[a-z2-7]{16}$/) as string,
        entries: 2,
        head: digest(entries[1] ?? ''),
      },
    ]);
    const [first, second] = entries.map((line) => JSON.parse(line) as Entry);
    expect([first?.previous, second?.previous]).toEqual([null, digest(entries[0] ?? '')]);
  });

  it('keep the newest entry of a journal that nobody wrote in the period', async () => {
    const { heads, entries } = await written('2026-06-01T00:00:00Z');
    expect(entries).toHaveLength(1);
    expect(heads[0]).toContain(digest(entries[0] ?? ''));
  });
});
