import { ServiceError } from '../../service-error.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { VaultOperation } from '../journal/journal-entry.ts';
import type { SecretStore, SecretVersion } from '../ports/secret-store.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { placeIn } from '../rotation-unit.ts';

/** Where the values of a target are read and written: each operation is noted for the journal. */
export interface VaultAccess {
  readonly tools: Pick<RotationTools, 'stores' | 'now' | 'accountFor'>;
  note(operation: VaultOperation): void;
  /** Values that were read in this drive, by `vault/name@version`: none is read twice. */
  readonly values?: Map<string, SecretValue>;
}

/**
 * The store of a vault that the settings name.
 * @throws ServiceError `VAULT_UNREACHABLE` when a journal speaks of a vault that the settings no longer name.
 */
export function requireStore({ stores }: Pick<RotationTools, 'stores'>, vault: string): SecretStore {
  const store = stores.get(vault);
  if (store === undefined)
    throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'The settings do not name this vault.' });
  return store;
}

/** The newest version of a secret. @throws ServiceError `SECRET_ABSENT` when the vault answered that there is none. */
export async function requireLatest(tools: Pick<RotationTools, 'stores'>, member: string): Promise<SecretVersion> {
  const { vault, name } = placeIn(member);
  const latest = await requireStore(tools, vault).latest(name);
  if (latest === null) throw new ServiceError('SECRET_ABSENT', { vault, secret: name });
  return latest;
}

/** One version's value; each request is written down before it is made, and noted. `null` when there is no such version, or it is disabled: nobody can read it. */
export async function readValue(access: VaultAccess, member: string, version: string): Promise<SecretValue | null> {
  const { vault, name } = placeIn(member);
  const key = `${member}@${version}`;
  const known = access.values?.get(key);
  if (known !== undefined) return known;
  try {
    const value = await requireStore(access.tools, vault).value(name, version, async () => {
      const read = operationOn(access.tools, 'SecretGet', member, version);
      await access.tools.accountFor([read]);
      access.note(read);
    });
    if (value !== null) access.values?.set(key, value);
    return value;
  } catch (error) {
    if (ServiceError.is(error, 'SECRET_DISABLED')) return null;
    throw error;
  }
}

/** An operation as the journal keeps it. Its time is ours: the audit compares it with the log's within a minute. */
export function operationOn(
  { now }: Pick<RotationTools, 'now'>,
  operation: VaultOperation['operation'],
  member: string,
  version: string | null,
): VaultOperation {
  const { vault, name } = placeIn(member);
  return { operation, vault, secret: name, version, at: now().toISOString() };
}
