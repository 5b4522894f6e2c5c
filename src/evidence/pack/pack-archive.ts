import { mkdir, readdir } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { type Envelope, indexPayloadType, openEnvelope, sealEnvelope } from './dsse-envelope.ts';
import type { PackPlace } from './pack-rows.ts';
import { archiveFolder, folderSink } from './pack-sink.ts';
import { sealFile } from './pack-statement.ts';
import type { Signer } from './signer.ts';

/** Beside the packs' folders; no pack can have this name, because a pack's name contains its period. */
const indexPath = 'archive/index.dsse.json';

/** One entry of the index, exactly. */
export const packSummaryShape = z.strictObject({
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
  /** The pack of the same period that this one amends; absent for the first pack of a period. */
  amends: z.string().exactOptional(),
});
const indexShape = z.strictObject({ format: z.literal(1), packs: z.array(packSummaryShape) });

/** One pack's entry in the index. Times are ISO 8601 in UTC. */
export type PackSummary = z.infer<typeof packSummaryShape>;

/** The index as read; `revision` is `null` if the index does not exist yet. */
export interface ArchiveIndex {
  readonly packs: readonly PackSummary[];
  readonly revision: Revision | null;
}

/**
 * All packs of the archive, oldest first. @throws ServiceError `RECORD_UNREADABLE` if the index is damaged; it is never
 * treated as absent.
 */
export async function listPacks(records: RecordStore): Promise<readonly PackSummary[]> {
  return (await readIndex(records)).packs;
}

/** Where the files of a pack of the archive are read. */
export async function archivePlace(records: RecordStore, pack: string): Promise<PackPlace> {
  const paths: string[] = [];
  for await (const path of packFiles(records, pack)) paths.push(path);
  return { pack, paths, read: async (path) => await readPackFile(records, pack, path) };
}

/** Adds a pack after the last one of an index. Returns `false` if the index has changed since it was read. */
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
 * Writes the record that follows `revision`, or a new one if that is `null`. Returns `false` if another worker wrote in
 * the meantime.
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

/**
 * Reads one file of a pack. Returns `null` if the archive does not contain it, or if the path leads out of the pack's
 * folder.
 */
export async function readPackFile(records: RecordStore, pack: string, path: string): Promise<Uint8Array | null> {
  const segments = [pack, ...path.split('/')];
  if (segments.some((segment) => !/^[A-Za-z0-9._~-]+$/.test(segment) || /^\.{1,2}$/.test(segment))) return null;
  return (await records.read(`${archiveFolder(pack)}/${path}`))?.bytes ?? null;
}

/** Paths of a pack's files, in code-unit order; none if the pack does not exist. */
export async function* packFiles(records: RecordStore, pack: string): AsyncIterable<string> {
  const prefix = `${archiveFolder(pack)}/`;
  for await (const path of records.list(prefix)) yield path.slice(prefix.length);
}

/**
 * Copies a pack out of the archive into a new or empty folder, one file at a time and unchanged, its seal last. A
 * folder that is not in the index is not a pack.
 * @throws ServiceError `PACK_UNKNOWN` if the archive does not contain the pack, `PACK_UNREADABLE` if files of it are
 * missing, `PACK_NOT_WRITTEN` if the folder is not empty.
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

/** Reads the index, so that a pack can be added to it. @throws ServiceError `RECORD_UNREADABLE` if it is damaged. */
export async function readIndex(records: RecordStore): Promise<ArchiveIndex> {
  const record = await records.read(indexPath);
  if (record === null) return { packs: [], revision: null };
  return { packs: openIndex(record.bytes, indexPath).packs, revision: record.revision };
}

/**
 * Opens the bytes of an archive's index. It does not check the signature: `signatureHolds` does.
 * @throws ServiceError `RECORD_UNREADABLE` if they are not an index.
 */
export function openIndex(
  bytes: Uint8Array,
  path: string,
): { readonly envelope: Envelope; readonly packs: readonly PackSummary[] } {
  const envelope = openEnvelope(bytes);
  if (envelope === null || envelope.payloadType !== indexPayloadType)
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'not a canonical envelope' });
  return { envelope, packs: parseRecord(indexShape, envelope.payload, path).packs };
}
