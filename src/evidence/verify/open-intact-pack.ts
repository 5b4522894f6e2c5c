import { ServiceError } from '../../service-error.ts';
import type { PackPlace } from '../pack/pack-rows.ts';
import { openPackReader } from './pack-reader.ts';
import type { Verification } from './verification.ts';
import { listFiles, verifyPack } from './verify-pack.ts';

/**
 * Verifies a pack, so that what is read from it is what was sealed, and opens it. The signer is not judged.
 * @throws ServiceError `PACK_UNREADABLE` if it is no pack or is broken, `CHECK_INTERRUPTED`.
 */
export async function openIntactPack(
  directory: string,
  signal: AbortSignal,
): Promise<{ readonly place: PackPlace; readonly verification: Verification }> {
  const verification = await verifyPack(directory, { signal });
  if (verification.outcome !== 'intact')
    throw new ServiceError('PACK_UNREADABLE', { pack: directory, reason: `it is ${verification.message}` });
  const reader = openPackReader(directory, signal);
  const paths = [...(await listFiles(directory)).keys()];
  return { place: { pack: directory, paths, read: async (path) => await reader.bytes(path) }, verification };
}
