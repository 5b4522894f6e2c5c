import type { RecordStore, StoredRecord } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { openEnvelope, sealEnvelope, statementPayloadType } from './dsse-envelope.ts';
import { type ArchiveIndex, type PackSummary, enterPack, readIndex, writeNext } from './pack-archive.ts';
import { archiveFolder } from './pack-sink.ts';
import { sealFile } from './pack-statement.ts';
import type { Signer } from './signer.ts';

/** A pack with its place in the chain: the statement to seal, and its index entry. */
export interface ChainedPack {
  readonly payload: Uint8Array;
  readonly summary: PackSummary;
}

interface PackToSeal {
  readonly records: RecordStore;
  readonly signer: Signer;
  readonly id: string;
  /** Returns the pack as the successor of this one; `null` makes it the first. */
  readonly chainTo: (previous: PackSummary | null) => ChainedPack;
}

/**
 * Seals a pack: chains it to the newest pack of the archive, signs it, and enters it into the index. If two workers
 * read the same index, one is entered; the other seals its pack again, chained to the one entered first, so that no two
 * packs have the same predecessor. Until a pack is in the index it is not a pack, and its seal may be replaced;
 * afterwards it never changes. After a crash the same pack may be passed again.
 * @throws ServiceError `PACK_NOT_WRITTEN` if another pack of this name was entered, `SIGNING_UNREACHABLE`, and the
 * archive's errors.
 */
export async function sealIntoArchive(
  pack: PackToSeal,
): Promise<{ readonly summary: PackSummary; readonly envelope: Uint8Array }> {
  const { records, signer, id } = pack;
  const path = `${archiveFolder(id)}/${sealFile}`;
  for (;;) {
    // The seal is read before the index, so that a worker with an older index cannot replace the seal of one with a
    // newer index.
    const there = await records.read(path);
    const index = await readIndex(records);
    const { chained, entered } = placed(pack, index);
    const stands = there !== null && sealsThis(there, chained.payload);
    if (entered && there !== null && !stands)
      throw new ServiceError('PACK_NOT_WRITTEN', { pack: id, reason: `another ${sealFile} is there already` });
    // A signature may differ between attempts: if a crash left a seal of this very statement, it is kept.
    const envelope = stands ? there.bytes : await sealEnvelope(signer, statementPayloadType, chained.payload);
    if (!stands && !(await writeNext(records, path, envelope, there?.revision ?? null))) continue;
    if (entered || (await enterPack(records, signer, index, chained.summary)))
      return { summary: chained.summary, envelope };
  }
}

/** Chains the pack to the newest one. If it is already in the archive, keeps its original predecessor. */
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
