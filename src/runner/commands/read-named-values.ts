import { ServiceError } from '../../service-error.ts';
import { readySecrets, type ReadySecret } from '../delivery/deliver-secrets.ts';
import { readManifest } from '../configuration/manifest.ts';
import { rejectDuplicateDestinations } from '../configuration/duplicate-destinations.ts';
import { sweepLeftovers } from '../delivery/sweep.ts';
import { startSession } from '../session.ts';
import type { Runtime } from '../runtime.ts';
import { environmentRequests, patience } from './exec-options.ts';

/** The options that `render`, `mask` and `env` share. */
export interface SharedOptions {
  /** Each as `NAME=[VAULT/]SECRET`. */
  readonly secret: readonly string[];
  readonly manifest: string | undefined;
  readonly wait: string | undefined;
}

/**
 * Fetches the secrets that the options and the manifest ask for, emits the receipts, and returns the values by the names
 * that the caller asked for.
 * @throws ServiceError COMMAND_LINE_WRONG, MANIFEST_MALFORMED, and every code of a fetch
 */
export async function readNamedValues(
  { secret, manifest, wait }: SharedOptions,
  runtime: Runtime,
): Promise<ReadonlyMap<string, string>> {
  const requests = environmentRequests(secret);
  const written = manifest === undefined ? null : await readManifest(manifest);
  const session = startSession(runtime, patience(wait));
  sweepLeftovers(runtime);
  const selected = await session.select(written?.selections ?? []);
  const all = [...(written?.requests ?? []), ...requests, ...selected];
  rejectDuplicateDestinations(all);
  if (all.some(({ target }) => target.kind !== 'environment') || all.length === 0) {
    throw new ServiceError('COMMAND_LINE_WRONG', {
      place: '--secret',
      reason: 'accepts only NAME=[VAULT/]SECRET',
    });
  }
  const ready = readySecrets(await session.fetch(all));
  return new Map(ready.map(named));
}

function named({ request, value }: ReadySecret): readonly [string, string] {
  return [request.target.kind === 'environment' ? request.target.variable : '', value];
}
