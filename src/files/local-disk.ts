import { chmod, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { ServiceError } from '../service-error.ts';

/**
 * File systems on which `link()` and `fsync` of one machine do not bind another one, by the `f_type` of Linux.
 * Source: linux/magic.h and the statfs(2) manual page. FUSE is listed because nobody can tell what backs it.
 */
const sharedFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9P'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
]);

/** The name of a file system that several machines may share, or `null` for a local one. Only Linux reports it. */
export function sharedFileSystem(type: number | bigint, platform: string = process.platform): string | null {
  if (platform !== 'linux') return null;
  // A 32-bit kernel reports the type as a signed number.
  return sharedFileSystems.get(Number(BigInt.asUintN(32, BigInt(type)))) ?? null;
}

/**
 * Checks that records can be kept here: a folder on a local disk that only its owner may write to.
 * An absent or empty folder becomes the owner's alone.
 * @throws ServiceError `RECORD_STORE_REFUSED` if they cannot.
 */
export async function prepareLocalFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const shared = sharedFileSystem((await statfs(directory, { bigint: true })).type);
  if (shared !== null) throw refused(directory, `it lies on a file system that machines may share (${shared})`);

  const isEmpty = (await readdir(directory)).length === 0;
  if (isEmpty) await chmod(directory, 0o700);
  const { mode } = await stat(directory);
  // Windows has no such bits and reports all of them as set.
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw refused(directory, 'others than its owner may write to it; take that away with chmod go-w');
  }
}

function refused(store: string, reason: string): ServiceError<'RECORD_STORE_REFUSED'> {
  return new ServiceError('RECORD_STORE_REFUSED', { store, reason });
}
