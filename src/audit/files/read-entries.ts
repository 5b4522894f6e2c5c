import { newerVersion } from '../../records/newer-version.ts';
import { ServiceError } from '../../service-error.ts';
import { readJsonLines } from './read-json-lines.ts';

/**
 * Reads every entry of a file, or of a folder of files; none for `null`. `parse` returns `null` for an invalid entry.
 * @throws ServiceError `RECORD_UNREADABLE` with the place of the first invalid entry: a join with half the jobs would
 * tie reads to the wrong ones.
 */
export async function readEntries<Entry>(
  path: string | null,
  parse: (value: unknown, place: string) => Entry | null,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  if (path === null) return entries;
  for await (const piece of readJsonLines(path)) {
    const entry = 'fault' in piece ? null : parse(piece.value, piece.place);
    if (entry === null) {
      const reason = ('value' in piece ? newerVersion(piece.value) : null) ?? 'it is not a valid entry';
      throw new ServiceError('RECORD_UNREADABLE', { path: piece.place, reason });
    }
    entries.push(entry);
  }
  return entries;
}
