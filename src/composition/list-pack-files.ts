import { packFiles, readPackFile } from '../evidence/pack/pack-archive.ts';
import { manifestFile, manifestShape } from '../evidence/pack/pack-statement.ts';
import { parseRecord } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { ListedFile } from '../web/web-ports.ts';

/**
 * The files of a pack with their sizes, by its manifest: so a pack of a million reads is listed without reading it. What the
 * manifest cannot list, itself and the seal, is small and is read. `null` if the pack does not exist.
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
