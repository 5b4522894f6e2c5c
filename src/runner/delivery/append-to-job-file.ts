import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { writeAllSync } from '../write-all-sync.ts';

/**
 * Appends values to one of the files through which a step tells its runner something. `variable`: its name, GITHUB_ENV or
 * GITHUB_OUTPUT. `delimiter`: a random word that ends each value. Follows no symbolic link, because an earlier step may
 * have replaced the file with one to get the values elsewhere.
 * @throws ServiceError TARGET_UNUSABLE
 */
export function appendToJobFile(
  { variable, path }: { readonly variable: string; readonly path: string },
  values: ReadonlyMap<string, string>,
  delimiter: string,
): void {
  const text = [...values].map(([name, value]) => `${name}<<${delimiter}\n${value}\n${delimiter}\n`).join('');
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
    try {
      if (!fstatSync(descriptor).isFile()) throw new ServiceError('TARGET_UNUSABLE', { path, reason: 'NO_FILE' });
      writeAllSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (ServiceError.is(cause)) throw cause;
    throw new ServiceError('TARGET_UNUSABLE', { path: variable, reason: exchangeFailure(cause) }, { cause });
  }
}
