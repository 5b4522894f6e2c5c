import { type OwnControls, parseOwnControls } from '../../evidence/report/own-controls.ts';
import { readOperatorFile } from '../../command-line/read-operator-file.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Reads the operator's file of controls; `null` without one. A file that is named and missing is a fault.
 * @throws ServiceError `CONTROLS_MALFORMED` with every fault.
 */
export async function openControls(file: string | null): Promise<OwnControls | null> {
  if (file === null) return null;
  const text = readOperatorFile(file, (fault, cause) => {
    return new ServiceError('CONTROLS_MALFORMED', { file, faults: [fault] }, { cause });
  });
  return await parseOwnControls(text, file);
}
