import { readFileSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';

/**
 * Reads the PEM of the further authority in the configuration, if any.
 * @throws ServiceError FETCH_CONFIGURATION_MALFORMED if it cannot be read
 */
export function readAuthority(file: string | null): string | undefined {
  if (file === null) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const detail = { file, place: 'authorityFile', reason: exchangeFailure(cause) };
    throw new ServiceError('FETCH_CONFIGURATION_MALFORMED', detail, { cause });
  }
}
