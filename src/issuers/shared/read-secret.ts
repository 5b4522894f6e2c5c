import type { SecretStore } from '../../rotation/ports/secret-store.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Reads the newest value of a secret that the policy names as `vault/name`, such as a database administrator's login.
 * The read is a retrieval like any other, by the rotator's identity. Rejects if the secret does not exist or could not
 * be read.
 */
export type ReadSecret = (reference: string, signal: AbortSignal) => Promise<SecretValue>;

/** The parts of `vault/name`. */
function namedSecret(reference: string): { readonly vault: string; readonly name: string } {
  const [vault = '', name = ''] = reference.split('/');
  return { vault, name };
}

/**
 * Reads only from vaults in the settings. Caches nothing, so that a rotated login takes effect at the next read.
 * `before`: called directly before each request for a value, because an issuer also reads outside rotations, to list or to plan.
 */
export function secretReader(
  stores: ReadonlyMap<string, SecretStore>,
  before: (read: { readonly vault: string; readonly secret: string; readonly version: string }) => Promise<void>,
): ReadSecret {
  return async (reference, signal) => {
    const { vault, name } = namedSecret(reference);
    const store = stores.get(vault);
    if (store === undefined)
      throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'The settings do not name this vault.' });
    const latest = await store.latest(name);
    if (signal.aborted) throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'There was no time left.' });
    if (latest === null) throw new ServiceError('SECRET_ABSENT', { vault, secret: name });
    const { version } = latest;
    const value = await store.value(name, version, async () => {
      await before({ vault, secret: name, version });
    });
    if (value === null) throw new ServiceError('SECRET_ABSENT', { vault, secret: name });
    return value;
  };
}
