import { dayMs } from '../secrets/duration.ts';
import { inventoryAt, recordInventory } from '../audit/collection/inventory-ledger.ts';
import type { InventoriedSecret } from '../audit/model/audited-period.ts';
import { isStagingName } from '../rotation/observe/staging.ts';
import type { SecretStore, SecretVersion } from '../rotation/ports/secret-store.ts';
import type { RecordStore } from '../records/record-store.ts';
import { policyEntryFor } from '../secrets/binding-for.ts';
import type { Policy } from '../secrets/policy.ts';
import type { Settings } from '../settings.ts';

/** A little less than the hour between two passes, so that each of them takes its list. */
const refreshMs = 55 * 60_000;

/**
 * Keeps what the vaults hold now, properties alone, at most once an hour: the newest version of each secret costs a listing
 * of its versions. Returns how many secrets it listed; 0 if the recorded list is fresh. Rejects if a vault could not be
 * listed, because half a list is worse than none.
 */
export async function takeInventory(ports: {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly records: RecordStore;
  readonly now: () => Date;
}): Promise<number> {
  const { settings, policy, stores, records, now } = ports;
  const newest = await inventoryAt(records, now());
  if (newest !== null && now().getTime() - Date.parse(newest.at) < refreshMs) return 0;
  const entries: InventoriedSecret[] = [];
  const own = new Set([settings.canarySecret, settings.stagingKeySecret?.name]);
  for (const { name: vault } of settings.vaults) {
    const store = stores.get(vault);
    if (store === undefined) continue;
    for await (const version of store.list()) {
      if (isStagingName(version.name)) continue;
      const entry = entryOf(vault, version, policy);
      entries.push(own.has(version.name) ? { ...entry, own: true } : entry);
    }
  }
  await recordInventory(records, entries, now());
  return entries.length;
}

function entryOf(
  vault: string,
  { name, version, enabled, created, expires, tags, managed }: SecretVersion,
  policy: Policy,
): InventoriedSecret {
  const entry = policyEntryFor(policy, vault, name);
  const issuer = entry !== null && 'issuer' in entry ? entry.issuer : null;
  return {
    vault,
    secret: name,
    version,
    enabled,
    created: created.toISOString(),
    expires: expires?.toISOString() ?? null,
    environment: entry?.environment ?? tags['environment'] ?? null,
    issuer,
    validityDays: entry === null ? null : entry.validityMs / dayMs,
    ...(entry !== null && issuer === null ? { tracked: true } : {}),
    ...(managed === true ? { managed } : {}),
    ...(entry?.owner == null ? {} : { owner: entry.owner }),
    tags,
  };
}
