import { packFiles, readPackFile } from '../evidence/pack/pack-archive.ts';
import { manifestFile, manifestShape } from '../evidence/pack/pack-statement.ts';
import { parseRecord } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { ListedFile } from '../web/web-ports.ts';

/**
 * The files of a pack with their sizes, by its manifest: a pack of a million reads is not read to be listed. What the
 * manifest cannot list, itself and the seal, is small and looked at. `null` when there is no such pack.
 */
export async function listPackFiles(records: RecordStore, pack: string): Promise<readonly ListedFile[] | null> {
  const manifest = await readPackFile(records, pack, manifestFile);
  if (manifest === null) return null;
  const { files } = parseRecord(manifestShape, manifest, `${pack}/${manifestFile}`);
  const sizes = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const listed: ListedFile[] = [];
  for await (const path of packFiles(records, pack)) {
    const bytes = sizes.get(path) ?? (await readPackFile(records, pack, path))?.byteLength ?? 0;
    listed.push({ path, bytes });
  }
  return listed;
}
