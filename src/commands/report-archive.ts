import { resolve } from 'node:path';
import { composeKeyturn } from '../compose.ts';
import { exportPack, listPacks } from '../evidence/pack/pack-archive.ts';
import type { ExitCode, Runtime } from './command.ts';

/** Prints the packs that the archive holds, oldest first: each follows the one before it. */
export async function printArchive(json: boolean, { environment, print }: Runtime): Promise<ExitCode> {
  const { records } = await composeKeyturn(environment);
  const packs = await listPacks(records);
  if (json) {
    print(JSON.stringify({ packs }));
    return 0;
  }
  if (packs.length === 0) print('The archive holds no packs yet.');
  for (const { id, label, status, synthetic, frameworks, fingerprint } of packs) {
    const marks = [status, ...(synthetic ? ['synthetic'] : [])].join(', ');
    print(`${id}: ${label}, ${marks}, ${frameworks.join(' and ')}, sealed by ${fingerprint}`);
  }
  return 0;
}

/** Copies a pack out of the archive, unchanged. @throws ServiceError `PACK_UNKNOWN`, `PACK_UNREADABLE`, `PACK_NOT_WRITTEN`. */
export async function copyFromArchive(
  { pack, out }: { readonly pack: string; readonly out: string },
  json: boolean,
  { environment, directory, print }: Runtime,
): Promise<ExitCode> {
  const folder = resolve(directory, out);
  const { records } = await composeKeyturn(environment);
  const summary = await exportPack(records, pack, folder);
  if (json) {
    print(JSON.stringify({ pack: summary, directory: folder }));
  } else {
    print(`${summary.label}: ${pack}, ${summary.status}, copied as it was sealed.`);
    print(`The pack is in ${folder}. Check it with: keyturn verify ${folder} --trust ${summary.fingerprint}`);
  }
  return 0;
}
