import type { Policy } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';
import { isStagingName } from '../observe/staging.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey } from '../rotation-unit.ts';
import { noteFault, type PassNotes, type ReconcileCount } from './pass-notes.ts';

/** The newest version of every secret of every vault, by `vault/name`. A vault that does not answer leaves its secrets out. */
export async function takeInventory(
  tools: RotationTools,
  notes: PassNotes,
): Promise<ReadonlyMap<string, SecretVersion>> {
  const newest = new Map<string, SecretVersion>();
  for (const { name: vault } of tools.vaults) {
    try {
      for await (const version of tools.stores.get(vault)?.list() ?? []) {
        if (isStagingName(version.name)) continue;
        const key = bindingKey({ vault, name: version.name });
        newest.set(key, version);
        notes.counts.secrets += 1;
        notes.counts[standingIn(tools.policy, key, version)] += 1;
        if (version.expires === null) notes.counts.withoutExpiry += 1;
      }
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      noteFault(notes, vault, error);
    }
  }
  return newest;
}

/** Who replaces a secret: an issuer, people, the vault itself, or nobody known. */
function standingIn({ secrets, tracked }: Policy, key: string, { managed }: SecretVersion): ReconcileCount {
  if (secrets.has(key)) return 'bound';
  if (tracked.has(key)) return 'tracked';
  return managed === true ? 'managed' : 'unbound';
}
