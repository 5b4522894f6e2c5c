import { mkdir, readdir } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { indexPayloadType, openEnvelope, sealEnvelope } from './dsse-envelope.ts';
import { archiveFolder, folderSink } from './pack-sink.ts';
import { sealFile } from './pack-statement.ts';
import type { Signer } from './signer.ts';

/** Beside the packs' folders; no pack can have this name, for a pack's name holds its period. */
const indexPath = 'archive/index.dsse.json';

const summaryShape = z.strictObject({
  id: z.string(),
  label: z.string(),
  organisation: z.string(),
  period: z.strictObject({ from: z.string(), to: z.string() }),
  frameworks: z.array(z.enum(['soc2', 'iso27001'])),
  status: z.enum(['final', 'provisional']),
  synthetic: z.boolean(),
  createdAt: z.string(),
  files: z.number().int(),
  bytes: z.number().int(),
  reads: z.strictObject({ total: z.number().int(), grades: z.record(z.string(), z.number().int()) }),
  findings: z.number().int(),
  manifestSha256: z.string(),
  statementSha256: z.string(),
  fingerprint: z.string(),
  previous: z.string().nullable(),
});
const indexShape = z.strictObject({ format: z.literal(1), packs: z.array(summaryShape) });

/** What a list of packs tells of one. Times are ISO 8601 in UTC. */
export type PackSummary = z.infer<typeof summaryShape>;

/** The index as it was read; `revision` is `null` while there is none. */
export interface ArchiveIndex {
  readonly packs: readonly PackSummary[];
  readonly revision: Revision | null;
}

/** All packs of the archive, oldest first. @throws ServiceError `RECORD_UNREADABLE` when the index is damaged: absence is never guessed. */
export async function listPacks(records: RecordStore): Promise<readonly PackSummary[]> {
  return (await readIndex(records)).packs;
}

/** Enters a pack behind the last one of an index. `false` when the index is not the one that was read any more. */
export async function enterPack(
  records: RecordStore,
  signer: Signer,
  { packs, revision }: ArchiveIndex,
  summary: PackSummary,
): Promise<boolean> {
  const payload = Buffer.from(canonicalJson({ format: 1, packs: [...packs, summary] }));
  const sealed = await sealEnvelope(signer, indexPayloadType, payload);
  return await writeNext(records, indexPath, sealed, revision);
}

/**
 * Writes a record as the one that follows `revision`: a new one where that is `null`. `false` when somebody else wrote
 * meanwhile.
 */
export async function writeNext(
  records: RecordStore,
  path: string,
  bytes: Uint8Array,
  revision: Revision | null,
): Promise<boolean> {
  try {
    if (revision === null) await records.create(path, bytes);
    else await records.replace(path, bytes, revision);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS') || ServiceError.is(error, 'RECORD_CHANGED')) return false;
    throw error;
  }
}

/** One file of a pack, or `null` when the archive holds no such file. A path that leaves the pack's folder is not looked for. */
export async function readPackFile(records: RecordStore, pack: string, path: string): Promise<Uint8Array | null> {
  const segments = [pack, ...path.split('/')];
  if (segments.some((segment) => !/^[A-Za-z0-9._~-]+$/.test(segment) || /^\.{1,2}$/.test(segment))) return null;
  return (await records.read(`${archiveFolder(pack)}/${path}`))?.bytes ?? null;
}

/** Paths of a pack's files, in code-unit order; none when there is no such pack. */
export async function* packFiles(records: RecordStore, pack: string): AsyncIterable<string> {
  const prefix = `${archiveFolder(pack)}/`;
  for await (const path of records.list(prefix)) yield path.slice(prefix.length);
}

/**
 * Copies a pack out of the archive into a new or empty folder, one file at a time and unchanged, its seal last. What was
 * never entered into the index is no pack.
 * @throws ServiceError `PACK_UNKNOWN` when the archive holds no such pack, `PACK_UNREADABLE` when files of it are gone,
 * `PACK_NOT_WRITTEN` when the folder is not empty.
 */
export async function exportPack(records: RecordStore, pack: string, directory: string): Promise<PackSummary> {
  const summary = (await listPacks(records)).find(({ id }) => id === pack);
  if (summary === undefined) throw new ServiceError('PACK_UNKNOWN', { pack });
  await requireEmptyFolder(directory, pack);
  const sink = folderSink(directory, pack);
  const copy = async (path: string): Promise<void> => {
    const bytes = await readPackFile(records, pack, path);
    if (bytes === null) throw new ServiceError('PACK_UNREADABLE', { pack, reason: `${path} is gone from the archive` });
    await sink.write(path, bytes);
  };
  for await (const path of packFiles(records, pack)) if (path !== sealFile) await copy(path);
  await copy(sealFile);
  return summary;
}

async function requireEmptyFolder(directory: string, pack: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    if ((await readdir(directory)).length === 0) return;
  } catch (cause) {
    throw new ServiceError('PACK_NOT_WRITTEN', { pack, reason: 'the folder cannot be created' }, { cause });
  }
  throw new ServiceError('PACK_NOT_WRITTEN', { pack, reason: 'the folder is not empty' });
}

/** The index, to enter a pack upon it. @throws ServiceError `RECORD_UNREADABLE` when it is damaged. */
export async function readIndex(records: RecordStore): Promise<ArchiveIndex> {
  const record = await records.read(indexPath);
  if (record === null) return { packs: [], revision: null };
  const envelope = openEnvelope(record.bytes);
  if (envelope === null)
    throw new ServiceError('RECORD_UNREADABLE', { path: indexPath, reason: 'not a canonical envelope' });
  const { packs } = parseRecord(indexShape, envelope.payload, indexPath);
  return { packs, revision: record.revision };
}
