import type { RecordStore, StoredRecord } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { openEnvelope, sealEnvelope, statementPayloadType } from './dsse-envelope.ts';
import { type ArchiveIndex, type PackSummary, enterPack, readIndex, writeNext } from './pack-archive.ts';
import { archiveFolder } from './pack-sink.ts';
import { sealFile } from './pack-statement.ts';
import type { Signer } from './signer.ts';

/** A pack with its place in the chain: the statement that is to be sealed, and what the index tells of it. */
export interface ChainedPack {
  readonly payload: Uint8Array;
  readonly summary: PackSummary;
}

interface PackToSeal {
  readonly records: RecordStore;
  readonly signer: Signer;
  readonly id: string;
  /** The pack as it is when it follows this one; `null` makes it the first. */
  readonly chainTo: (previous: PackSummary | null) => ChainedPack;
}

/**
 * Seals a pack upon the newest one of the archive and enters it into the index. Of two workers who read the same index one
 * is entered; the other seals again, upon the pack that was entered first, so that no two packs name the same one. Until
 * then its seal counts for nothing: what is not in the index is no pack, and its seal may be replaced. What was entered
 * never changes. The same pack may be given again after a crash.
 * @throws ServiceError `PACK_NOT_WRITTEN` when another pack of this name was entered, `SIGNING_UNREACHABLE`, and what the
 * archive throws.
 */
export async function sealIntoArchive(
  pack: PackToSeal,
): Promise<{ readonly summary: PackSummary; readonly envelope: Uint8Array }> {
  const { records, signer, id } = pack;
  const path = `${archiveFolder(id)}/${sealFile}`;
  for (;;) {
    // The seal is read before the index: then nobody with an older index can replace the seal of somebody with a newer one.
    const there = await records.read(path);
    const index = await readIndex(records);
    const { chained, entered } = placed(pack, index);
    const stands = there !== null && sealsThis(there, chained.payload);
    if (entered && there !== null && !stands)
      throw new ServiceError('PACK_NOT_WRITTEN', { pack: id, reason: `another ${sealFile} is there already` });
    // A signature may differ from one try to the next: when a crash left a seal of this very statement, that one stands.
    const envelope = stands ? there.bytes : await sealEnvelope(signer, statementPayloadType, chained.payload);
    if (!stands && !(await writeNext(records, path, envelope, there?.revision ?? null))) continue;
    if (entered || (await enterPack(records, signer, index, chained.summary)))
      return { summary: chained.summary, envelope };
  }
}

/** The pack behind the newest one, or, when it was entered already, behind the one that it was entered behind. */
function placed({ id, chainTo }: PackToSeal, { packs }: ArchiveIndex): { chained: ChainedPack; entered: boolean } {
  const own = packs.findIndex((one) => one.id === id);
  const chained = chainTo(packs[(own === -1 ? packs.length : own) - 1] ?? null);
  if (own !== -1 && packs[own]?.statementSha256 !== chained.summary.statementSha256)
    throw new ServiceError('PACK_NOT_WRITTEN', { pack: id, reason: 'another pack of this name was made already' });
  return { chained, entered: own !== -1 };
}

function sealsThis({ bytes }: StoredRecord, payload: Uint8Array): boolean {
  const standing = openEnvelope(bytes);
  return standing !== null && Buffer.compare(standing.payload, payload) === 0;
}
