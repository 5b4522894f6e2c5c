import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import { exchangeFailure } from '../http-exchange.ts';

/** What the command gets in the place of values. */
export interface PlacedPlaceholders {
  readonly variables: ReadonlyMap<string, string>;
  /**
   * Puts each placeholder where the request at its place asks for a value.
   * @throws ServiceError TARGET_UNUSABLE
   */
  put(requests: readonly SecretRequest[], placeholders: readonly string[]): void;
  remove(): void;
}

/**
 * The places of a command's placeholders. A placeholder may lie on a disk: it is worth nothing outside the job. `announce`:
 * called with each path to remove, after it was made.
 */
export function placedPlaceholders(temporary: string, announce: (path: string) => void): PlacedPlaceholders {
  const variables = new Map<string, string>();
  const written: string[] = [];
  let folder: string | null = null;
  return {
    variables,
    put(requests, placeholders) {
      for (const [index, { target, name }] of requests.entries()) {
        const placeholder = placeholders[index] ?? '';
        if (target.kind === 'environment') variables.set(target.variable, placeholder);
        if (target.kind !== 'file') continue;
        const path = target.path ?? join(privateFolder(), name);
        write(path, placeholder);
        if (target.variable !== null) variables.set(target.variable, path);
      }
    },
    remove() {
      for (const path of written) rmSync(path, { recursive: true, force: true });
    },
  };

  function write(path: string, placeholder: string): void {
    try {
      writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
      written.push(path);
      announce(path);
      writeFileSync(path, placeholder);
    } catch (cause) {
      throw new ServiceError('TARGET_UNUSABLE', { path, reason: exchangeFailure(cause) }, { cause });
    }
  }

  function privateFolder(): string {
    if (folder !== null) return folder;
    folder = mkdtempSync(join(temporary, 'keyturn-placeholders-'));
    announce(folder);
    written.push(folder);
    return folder;
  }
}
