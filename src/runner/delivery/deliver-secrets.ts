import { closeSync, writeSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import type { FetchedSecret } from '../reading/fetch-secrets.ts';
import type { Guardian, Pipe } from './guardian.ts';
import { pointInto } from './json-pointer.ts';
import type { MemoryFiles } from './memory-file.ts';
import { leastLength } from '../redaction/needles/secret-lines.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';

/** One value for one place, as the request asked for it. */
export interface ReadySecret {
  readonly request: SecretRequest;
  readonly value: string;
}

/** What a command is given beside its own environment. */
export interface Delivery {
  readonly variables: ReadonlyMap<string, string>;
  /** By the number that the command is to have. */
  readonly descriptors: ReadonlyMap<number, number>;
}

/**
 * The values, after each request's JSON pointer; optional secrets that are not there are left out.
 * @throws ServiceError SECRET_PART_MISSING, SECRET_NOT_AN_ENVIRONMENT_VALUE
 */
export function readySecrets(fetched: readonly FetchedSecret[]): readonly ReadySecret[] {
  return fetched.flatMap(({ request, secret }) => {
    if (secret === null) return [];
    const about = { vault: request.vault ?? '', secret: request.name };
    const whole = secret.value.reveal();
    const value = request.pointer === null ? whole : pointInto(whole, request.pointer);
    if (value === null) throw new ServiceError('SECRET_PART_MISSING', { ...about, pointer: request.pointer ?? '' });
    if (request.target.kind === 'environment' && value.includes('\0')) {
      throw new ServiceError('SECRET_NOT_AN_ENVIRONMENT_VALUE', about);
    }
    return [{ request, value }];
  });
}

/** A value, and the name of the secret that it is of. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Everything that must not be printed: the values served, and the parts of them that are asked for. */
export function valuesToHide(fetched: readonly FetchedSecret[], ready: readonly ReadySecret[]): readonly NamedValue[] {
  const served = fetched.flatMap(({ request, secret }) =>
    secret === null ? [] : [{ name: request.name, value: secret.value.reveal() }],
  );
  return [...served, ...ready.map(({ request, value }) => ({ name: request.name, value }))];
}

/** Names of secrets whose values are too short to be hidden without blotting out harmless text. */
export function tooShort(ready: readonly ReadySecret[]): readonly string[] {
  return ready.filter(({ value }) => value.length < leastLength).map(({ request }) => request.name);
}

/** How many pipes the guardian must have for these requests: two for output, one for each descriptor. */
export function pipesFor(requests: readonly SecretRequest[]): number {
  return 2 + requests.filter(({ target }) => target.kind === 'descriptor').length;
}

/**
 * Puts each value where the command is to find it.
 * @throws ServiceError DISK_REFUSED, TARGET_UNUSABLE
 */
export function deliverSecrets(ready: readonly ReadySecret[], guardian: Guardian, files: MemoryFiles): Delivery {
  const variables = new Map<string, string>();
  const descriptors = new Map<number, number>();
  const spare = guardian.pipes?.slice(2) ?? [];
  for (const { request, value } of ready) {
    const { target } = request;
    switch (target.kind) {
      case 'environment':
        variables.set(target.variable, value);
        break;
      case 'file': {
        const path = files.write(target.path, request.name, Buffer.from(value));
        if (target.variable !== null) variables.set(target.variable, path);
        break;
      }
      case 'descriptor': {
        const read = files.nameless(Buffer.from(value)) ?? throughPipe(spare.shift(), value, target.number);
        descriptors.set(target.number, read);
        break;
      }
    }
  }
  return { variables, descriptors };
}

/**
 * Without memory for files: a pipe. It holds 64 KB and a secret at most 25, so the value is in it before the command
 * starts. Unlike a file it cannot be opened anew by its name, `/dev/fd/N`: that would wait for a writer.
 */
function throughPipe(pipe: Pipe | undefined, value: string, number: number): number {
  const path = `descriptor ${String(number)}`;
  if (pipe === undefined) throw new ServiceError('TARGET_UNUSABLE', { path, reason: 'NO_MKFIFO' });
  writeSync(pipe.write, value);
  closeSync(pipe.write);
  return pipe.read;
}
