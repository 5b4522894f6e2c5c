import { memoize } from '../../provenance/memoize.ts';
import type { OperationKind, Retrieval } from '../model/retrieval.ts';

/** The effect of a successful operation on a secret. Source: Key Vault logging, list of operation names. */
const secretOperations = {
  SecretGet: 'read',
  SecretBackup: 'read',
  SecretRestore: 'read',
  SecretSet: 'write',
  SecretUpdate: 'write',
  SecretDelete: 'write',
  SecretPurge: 'write',
  SecretRecover: 'write',
  SecretList: 'list',
  SecretListVersions: 'list',
  SecretListDeleted: 'list',
  SecretGetDeleted: 'list',
  SecretNearExpiryEventGridNotification: 'platform',
  SecretExpiredEventGridNotification: 'platform',
} as const satisfies Record<string, OperationKind>;

/** By the lower-case name: Microsoft's spelling, and the effect. */
const bySpelling: ReadonlyMap<string, { readonly name: string; readonly whenDone: OperationKind }> = new Map(
  Object.entries(secretOperations).map(([name, whenDone]) => [name.toLowerCase(), { name, whenDone }]),
);

/** Microsoft's own applications that inspect vaults by themselves: Azure Resource Graph and Policy Insights. */
export const platformApplications: ReadonlySet<string> = new Set([
  '509e4652-da8d-478d-a730-e9d4a1996ca4',
  '8cae6e77-e04e-42ce-b5cb-50d82bce26b1',
]);

const platformClient = /^AzureResourceGraph\./i;

type Operation = Pick<Retrieval, 'operation' | 'status' | 'identity' | 'client'>;

const knownOperation = memoize((name) => bySpelling.get(name.toLowerCase()) ?? null);

/** The operation's name in Microsoft's spelling, ignoring case; unknown names stay unchanged. */
export function spellOperation(name: string): string {
  return knownOperation(name)?.name ?? name;
}

/**
 * Classifies a row by its status, because `ResultType` is "Success" for denials too. Returns `null` for an operation on
 * secrets that this release does not know: it may disclose a value, so the row is reported as unreadable instead of
 * guessing whether it belongs to the population.
 */
export function classifyOperation({ operation, status, identity, client }: Operation): OperationKind | null {
  if (operation === 'Authentication') return kindOfAuthentication(status, identity);
  const known = knownOperation(operation);
  if (known === null) {
    if (operation.toLowerCase().startsWith('secret')) return null;
    return isPlatform(operation, identity, client) ? 'platform' : 'not-a-secret';
  }
  const { whenDone } = known;
  if (whenDone === 'platform' || (status >= 200 && status < 300)) return whenDone;
  if (status === 401 || status === 403) return 'denied';
  return status === 404 ? 'not-found' : 'failed';
}

/** Whether `classifyOperation` calls it a read, whoever made it. `operation`: in Microsoft's spelling. */
export function discloses(operation: string, status: number): boolean {
  return knownOperation(operation)?.whenDone === 'read' && status >= 200 && status < 300;
}

/** The SDK's first request carries no token by design: 401 without an identity is a probe; with one it is a refusal. */
function kindOfAuthentication(status: number, identity: Retrieval['identity']): OperationKind {
  if (status !== 401) return 'not-a-secret';
  return identity.kind === 'none' ? 'probe' : 'denied';
}

/** Azure itself inspects the vault. The User-Agent is only a claim, but these operations disclose nothing. */
function isPlatform(operation: string, identity: Retrieval['identity'], client: string | null): boolean {
  if (/EventGridNotification$/i.test(operation)) return true;
  if (identity.applicationId !== null && platformApplications.has(identity.applicationId)) return true;
  return operation === 'VaultGet' && identity.kind !== 'person' && client !== null && platformClient.test(client);
}
