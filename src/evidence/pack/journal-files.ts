import { canonicalJson } from '../../provenance/canonical-json.ts';
import type { JournalLines } from '../../rotation/history/read-journal-lines.ts';
import type { PackFile } from './pack-file.ts';
import { rowFile } from './row-file.ts';
import type { PackSink } from './pack-sink.ts';

/**
 * Writes the head of each journal and the entries that it follows from, so that nobody can rewrite a journal unnoticed and
 * anybody can recompute its head from the pack alone.
 */
export async function writeJournalFiles(
  sink: PackSink,
  journals: AsyncIterable<JournalLines> | Iterable<JournalLines>,
): Promise<readonly PackFile[]> {
  const heads = rowFile(sink, {
    name: 'journals',
    extension: 'ndjson',
    description:
      'The head of every journal: of rotations, of sessions of the broker, of requests for access, and of deletions',
  });
  const entries = rowFile(sink, {
    name: 'journal-entries',
    extension: 'ndjson',
    description: 'Every entry of the journals since the period began, and the newest of each',
  });
  for await (const { journal, entries: count, head, lines } of journals) {
    await heads.add(canonicalJson({ format: 1, journal, entries: count, head }));
    for (const line of lines) await entries.add(line);
  }
  return [...(await heads.close()), ...(await entries.close())];
}
