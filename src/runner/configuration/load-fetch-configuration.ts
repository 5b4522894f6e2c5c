import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import type { FetchConfiguration } from './fetch-configuration.ts';
import { parseFetchConfiguration, staysOnLoopback } from './parse-fetch-configuration.ts';

const file = '/etc/keyturn/fetch.json';

/**
 * Loads the configuration that the runner's operator mounted. It is trusted because only root can write it.
 * `KEYTURN_FETCH_CONFIGURATION` may name another file only if nothing in it leads off this machine, for the embedded
 * cloud. If the operator's file exists, no other is used.
 * @throws ServiceError FETCH_CONFIGURATION_UNTRUSTED, FETCH_CONFIGURATION_MALFORMED
 */
export function loadFetchConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  operatorsFile: string = file,
): FetchConfiguration {
  const mounted = read(operatorsFile);
  if (mounted !== null) {
    if (mounted.owner !== 0) refuse(operatorsFile, 'is not owned by root');
    if (mounted.writableByOthers) refuse(operatorsFile, 'is writable by others than its owner');
    return parseFetchConfiguration(operatorsFile, mounted.text);
  }
  const named = environment['KEYTURN_FETCH_CONFIGURATION'] ?? '';
  if (named === '') return missing(operatorsFile);
  const other = read(named) ?? missing(named);
  const configuration = parseFetchConfiguration(named, other.text);
  if (!staysOnLoopback(configuration)) refuse(named, 'is named by the environment but leads off this machine');
  return configuration;
}

function missing(path: string): never {
  throw new ServiceError('FETCH_CONFIGURATION_MISSING', { file: path });
}

function refuse(path: string, reason: string): never {
  throw new ServiceError('FETCH_CONFIGURATION_UNTRUSTED', { file: path, reason });
}

/** Owner and text of one opened file, so that neither can change between check and read. */
function read(path: string): { owner: number; writableByOthers: boolean; text: string } | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return refuse(path, 'cannot be read');
  }
  try {
    const { uid, mode, size } = fstatSync(descriptor);
    if (size > 1_048_576) refuse(path, 'is larger than 1 MB');
    return { owner: uid, writableByOthers: (mode & 0o022) !== 0, text: readFileSync(descriptor, 'utf8') };
  } finally {
    closeSync(descriptor);
  }
}
