import { closeSync, writeSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import type { FetchedSecret } from '../reading/fetch-secrets.ts';
import type { Guardian, Pipe } from './guardian.ts';
import { pointInto } from './json-pointer.ts';
import type { MemoryFiles } from './memory-file.ts';
import { leastLength } from '../redaction/needles/secret-lines.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';

/** One value with its requested destination. */
export interface ReadySecret {
  readonly request: SecretRequest;
  readonly value: string;
}

/** What a command receives in addition to its environment. */
export interface Delivery {
  readonly variables: ReadonlyMap<string, string>;
  /** By the command's descriptor number. */
  readonly descriptors: ReadonlyMap<number, number>;
}

/**
 * Returns the values after applying each request's JSON pointer; skips optional secrets that are missing.
 * @throws ServiceError SECRET_PART_MISSING, SECRET_NOT_AN_ENVIRONMENT_VALUE
 */
export function readySecrets(fetched: readonly FetchedSecret[]): readonly ReadySecret[] {
  return fetched.flatMap(({ request, vault, secret }) => {
    if (secret === null) return [];
    const about = { vault, secret: request.name };
    const whole = secret.value.reveal();
    const value = request.pointer === null ? whole : pointInto(whole, request.pointer);
    if (value === null) throw new ServiceError('SECRET_PART_MISSING', { ...about, pointer: request.pointer ?? '' });
    if (request.target.kind === 'environment' && value.includes('\0')) {
      throw new ServiceError('SECRET_NOT_AN_ENVIRONMENT_VALUE', about);
    }
    return [{ request, value }];
  });
}

/** A value and the name of its secret. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Everything that must not be printed: the values served, and their requested parts. */
export function valuesToHide(fetched: readonly FetchedSecret[], ready: readonly ReadySecret[]): readonly NamedValue[] {
  const served = fetched.flatMap(({ request, secret }) =>
    secret === null ? [] : [{ name: request.name, value: secret.value.reveal() }],
  );
  return [...served, ...ready.map(({ request, value }) => ({ name: request.name, value }))];
}

/** Names of secrets whose values are too short to redact without removing harmless text. */
export function tooShort(ready: readonly ReadySecret[]): readonly string[] {
  return ready.filter(({ value }) => value.length < leastLength).map(({ request }) => request.name);
}

/** The number of pipes for these requests: two for output, one for each descriptor. */
export function pipesFor(requests: readonly SecretRequest[]): number {
  return 2 + requests.filter(({ target }) => target.kind === 'descriptor').length;
}

/**
 * Delivers each value to its destination.
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
 * A pipe, for machines without memory files. It holds 64 KB and a secret at most 25, so the value is in it before the
 * command starts. Unlike a file it cannot be reopened as `/dev/fd/N`, which would wait for a writer.
 */
function throughPipe(pipe: Pipe | undefined, value: string, number: number): number {
  const path = `descriptor ${String(number)}`;
  if (pipe === undefined) throw new ServiceError('TARGET_UNUSABLE', { path, reason: 'NO_MKFIFO' });
  writeSync(pipe.write, value);
  closeSync(pipe.write);
  return pipe.read;
}
