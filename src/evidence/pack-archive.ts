import { mkdir, readdir } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../provenance/canonical-json.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { indexPayloadType, openEnvelope, sealEnvelope } from './dsse-envelope.ts';
import { archiveFolder, folderSink } from './pack-sink.ts';
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

/** All packs of the archive, oldest first. @throws ServiceError `RECORD_UNREADABLE` when the index is damaged: absence is never guessed. */
export async function listPacks(records: RecordStore): Promise<readonly PackSummary[]> {
  return (await readIndex(records)).packs;
}

/** Enters a pack into the signed index, once, whoever else enters another meanwhile. */
export async function enterPack(records: RecordStore, signer: Signer, summary: PackSummary): Promise<void> {
  for (;;) {
    const { packs, revision } = await readIndex(records);
    if (packs.some((pack) => pack.id === summary.id)) return;
    const payload = Buffer.from(canonicalJson({ format: 1, packs: [...packs, summary] }));
    const sealed = await sealEnvelope(signer, indexPayloadType, payload);
    try {
      if (revision === null) await records.create(indexPath, sealed);
      else await records.replace(indexPath, sealed, revision);
      return;
    } catch (error) {
      // Another worker entered a pack first: read its index and try again upon it.
      if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
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
 * Copies a pack out of the archive into a new or empty folder, one file at a time.
 * @throws ServiceError `PACK_UNREADABLE` when the archive holds no such pack, `PACK_NOT_WRITTEN` when the folder is not empty.
 */
export async function exportPack(records: RecordStore, pack: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new ServiceError('PACK_NOT_WRITTEN', { pack, reason: 'the folder is not empty' });
  }
  const sink = folderSink(directory, pack);
  let files = 0;
  for await (const path of packFiles(records, pack)) {
    const bytes = await readPackFile(records, pack, path);
    if (bytes === null) throw new ServiceError('PACK_UNREADABLE', { pack, reason: `${path} is gone` });
    await sink.write(path, bytes);
    files += 1;
  }
  if (files === 0) throw new ServiceError('PACK_UNREADABLE', { pack, reason: 'the archive holds no such pack' });
}

async function readIndex(records: RecordStore): Promise<{ packs: readonly PackSummary[]; revision: string | null }> {
  const record = await records.read(indexPath);
  if (record === null) return { packs: [], revision: null };
  const envelope = openEnvelope(record.bytes);
  if (envelope === null)
    throw new ServiceError('RECORD_UNREADABLE', { path: indexPath, reason: 'no canonical envelope' });
  const parsed = indexShape.safeParse(JSON.parse(Buffer.from(envelope.payload).toString('utf8')));
  if (!parsed.success)
    throw new ServiceError('RECORD_UNREADABLE', { path: indexPath, reason: 'no index of this format' });
  return { packs: parsed.data.packs, revision: record.revision };
}
