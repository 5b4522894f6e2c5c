import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeWorkpaper } from '../../evidence/pack/write-workpaper.ts';
import { openIntactPack } from '../../evidence/verify/open-intact-pack.ts';
import { ServiceError } from '../../service-error.ts';
import type { Run } from '../command.ts';
import type { sampleRow } from '../evidence-rows.ts';
import { required } from '../required.ts';

const usualSize = 25;
const mostRows = 10_000;

/** Draws a sample of a pack's reads as a workpaper. */
export const sample: Run<typeof sampleRow> = async ({ values, positionals }, runtime) => {
  const { directory, print, say, progress, signal } = runtime;
  const folder = resolve(directory, required('sample', 'PACK', positionals[0]));
  const size = sizeOf(values.size);
  if (values.seed.trim() === '') refuse('--seed takes words of your own.');
  progress('Verifying the pack …');
  const { place, verification } = await openIntactPack(folder, signal);
  const { pack = '', statementSha256 = '' } = verification.link ?? {};
  const { text, drawn, population } = await writeWorkpaper(
    place,
    { pack, statementSha256 },
    { seed: values.seed, size },
  );
  const told = `${String(drawn)} of ${String(population)} reads`;
  if (values.out === undefined) for (const line of text.trimEnd().split('\n')) print(line);
  else await writeNew(resolve(directory, values.out), text);
  const summary = JSON.stringify({ pack, statementSha256, seed: values.seed, drawn, population });
  // Rows and counts are never mixed on one stream.
  if (values.out === undefined) say(values.json ? summary : told);
  else print(values.json ? summary : `${told}, written to ${values.out}`);
  return 0;
};

function sizeOf(text: string | undefined): number {
  if (text === undefined) return usualSize;
  const size = Number(text);
  if (/^[1-9]\d{0,4}$/.test(text) && size <= mostRows) return size;
  return refuse(`--size takes a number from 1 to ${String(mostRows)}.`);
}

/** A workpaper that an auditor has begun to fill is never overwritten. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    refuse(isThere ? `${file} is there already.` : `${file} cannot be written.`);
  }
}

/** @throws ServiceError `USAGE_WRONG`, always. */
function refuse(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'sample', reason });
}
