import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { VaultOperation } from './journal-entry.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { SecretStore, SecretVersion } from './ports/secret-store.ts';

/** Two clocks that differ by more than this do not agree: Azure's own tolerance for tokens is five minutes. */
export const clockToleranceMs = 300_000;

/**
 * The store of a vault that the settings name.
 * @throws ServiceError `VAULT_UNREACHABLE` when a rotation of the journal speaks of a vault that the settings no longer name.
 */
export function storeOf(tools: RotationTools, vault: string): SecretStore {
  const store = tools.stores.get(vault);
  if (store === undefined)
    throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'The settings do not name this vault.' });
  return store;
}

/** The newest version. @throws ServiceError `SECRET_ABSENT` when the vault answered that there is none. */
export async function latestOf(
  tools: RotationTools,
  { vault, secret }: { vault: string; secret: string },
): Promise<SecretVersion> {
  const latest = await storeOf(tools, vault).latest(secret);
  if (latest === null) throw new ServiceError('SECRET_ABSENT', { vault, secret });
  return latest;
}

/**
 * Refuses to go on while our clock and the vault's disagree: a clock that jumps forty days would find every secret due
 * and every grace over. Call it right after a request to the vault.
 * @throws ServiceError `CLOCK_DISAGREES`, also when the vault has not said its time yet.
 */
export function requireClockAgreement(tools: RotationTools, vault: string): void {
  const theirs = storeOf(tools, vault).serverTime();
  const differenceMs = theirs === null ? Number.POSITIVE_INFINITY : Math.abs(theirs.getTime() - tools.now().getTime());
  if (differenceMs <= clockToleranceMs) return;
  const differenceSeconds = theirs === null ? -1 : Math.round(differenceMs / 1000);
  throw new ServiceError('CLOCK_DISAGREES', { vault, differenceSeconds });
}

/** Where the values of a rotation are read and written: each operation is noted for the journal. */
export interface OperationNotes {
  readonly tools: RotationTools;
  note(operation: VaultOperation): void;
}

/** One version's value, noted. `null` when there is no such version, or it is disabled: nobody can read it. */
export async function readValue(
  notes: OperationNotes,
  { vault, secret, version }: { vault: string; secret: string; version: string },
): Promise<SecretValue | null> {
  try {
    const value = await storeOf(notes.tools, vault).value(secret, version);
    notes.note(operation(notes.tools, 'SecretGet', vault, secret, version));
    return value;
  } catch (error) {
    if (ServiceError.is(error, 'SECRET_DISABLED')) return null;
    throw error;
  }
}

/** An operation as the journal keeps it. */
export function operation(
  { now }: { now: () => Date },
  kind: VaultOperation['operation'],
  vault: string,
  secret: string,
  version: string | null,
): VaultOperation {
  return { operation: kind, vault, secret, version, at: now().toISOString() };
}
