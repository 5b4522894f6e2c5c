import { readFile } from 'node:fs/promises';
import { type OwnControls, parseOwnControls } from '../../evidence/report/own-controls.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Reads the operator's file of controls; `null` without one. A file that is named and missing is a fault.
 * @throws ServiceError `CONTROLS_MALFORMED` with every fault.
 */
export async function openControls(file: string | null): Promise<OwnControls | null> {
  if (file === null) return null;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ServiceError('CONTROLS_MALFORMED', { file, faults: [`the file ${file} cannot be read`] }, { cause });
  }
  return await parseOwnControls(text, file);
}
