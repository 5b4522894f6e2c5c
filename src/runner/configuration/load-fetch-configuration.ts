import { closeSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { openNamedFile } from '../../command-line/named-file.ts';
import { isInJob } from './detect-job.ts';
import { ServiceError } from '../../service-error.ts';
import type { FetchConfiguration } from './fetch-configuration.ts';
import { parseFetchConfiguration, parseOwnConfiguration, staysOnLoopback } from './parse-fetch-configuration.ts';

const file = '/etc/keyturn/fetch.json';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Loads the configuration that the runner's operator mounted. It is trusted because only root can write it.
 * `KEYTURN_FETCH_CONFIGURATION` may name another file only if nothing in it leads off this machine, for the embedded
 * cloud. If the operator's file exists, no other is used. Outside a job, without either, a person's own file counts.
 * @throws ServiceError FETCH_CONFIGURATION_MISSING, FETCH_CONFIGURATION_UNTRUSTED, FETCH_CONFIGURATION_MALFORMED
 */
export function loadFetchConfiguration(environment: Environment, operatorsFile: string = file): FetchConfiguration {
  const mounted = read(operatorsFile);
  if (mounted !== null) {
    if (mounted.owner !== 0) refuse(operatorsFile, 'is not owned by root');
    if (mounted.writableByOthers) refuse(operatorsFile, 'is writable by others than its owner');
    return parseFetchConfiguration(operatorsFile, mounted.text);
  }
  const named = environment['KEYTURN_FETCH_CONFIGURATION'] ?? '';
  if (named === '') return loadOwn(environment, operatorsFile);
  const other = read(named) ?? missing(named);
  const configuration = parseFetchConfiguration(named, other.text);
  if (!staysOnLoopback(configuration)) refuse(named, 'is named by the environment but leads off this machine');
  return configuration;
}

/**
 * A person's own configuration, `~/.config/keyturn/fetch.json`. Never believed in a job, which could have written it, and
 * only if nobody else could.
 */
function loadOwn(environment: Environment, operatorsFile: string): FetchConfiguration {
  if (isInJob(environment)) return missing(operatorsFile);
  const folder = environment['XDG_CONFIG_HOME'] ?? '';
  const path = join(folder.startsWith('/') ? folder : join(userInfo().homedir, '.config'), 'keyturn', 'fetch.json');
  const own = read(path) ?? missing(path);
  if (own.owner !== process.getuid?.()) refuse(path, 'belongs to another user');
  if (own.writableByOthers || (statSync(dirname(path)).mode & 0o022) !== 0) refuse(path, 'is writable by others');
  return parseOwnConfiguration(path, own.text);
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
    descriptor = openNamedFile(path);
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
