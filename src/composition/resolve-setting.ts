import type { TokenCredential } from '@azure/identity';
import { recordOwnRead } from '../audit/collection/own-read-ledger.ts';
import { keyVaultSecretStore } from '../azure/key-vault-secret-store.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { SecretStore } from '../rotation/ports/secret-store.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { SecretSetting } from '../settings.ts';

interface Ports {
  readonly credential: TokenCredential;
  readonly embedded: boolean;
  /** The vaults of the settings. A reference may name another one. */
  readonly vaults: readonly Vault[];
  readonly records: RecordStore;
  readonly now: () => Date;
}

/**
 * Returns a function that resolves secrets among the settings: the value itself, or the value of the vault secret that it
 * refers to. Only App Service resolves references itself. Each call asks for the newest version, because the service's own
 * credential may have been rotated. The value of a version never changes, so it is read once, and that read is recorded
 * before it happens, so that the audit can explain its log row.
 */
export function settingResolver({ credential, embedded, vaults, records, now }: Ports) {
  const stores = new Map<string, SecretStore>();
  const known = new Map<string, { readonly version: string; readonly value: SecretValue }>();
  return async (setting: SecretSetting): Promise<SecretValue> => {
    if (setting.kind === 'value') return setting.value;
    const { vaultUrl, name: secret } = setting;
    const store = storeAt(vaultUrl);
    const vault = vaultAt(vaultUrl).name;
    const latest = setting.version === null ? await store.latest(secret) : null;
    const version = setting.version ?? latest?.version;
    const key = `${vaultUrl}/${secret}`.toLowerCase();
    const kept = known.get(key);
    // A version that was disabled since then must be refused like any other.
    if (kept !== undefined && kept.version === version && latest?.enabled !== false) return kept.value;
    const value = version === undefined ? null : await read(store, { vault, secret, version });
    if (value === null || version === undefined)
      throw new ServiceError('SETTINGS_MALFORMED', { faults: [`the secret ${vault}/${secret} is not there`] });
    known.set(key, { version, value });
    return value;
  };

  async function read(store: SecretStore, place: { vault: string; secret: string; version: string }) {
    return await store.value(place.secret, place.version, async () => {
      await recordOwnRead(records, { ...place, at: now().toISOString(), purpose: 'setting' });
    });
  }

  function storeAt(vaultUrl: string): SecretStore {
    const store = stores.get(vaultUrl) ?? keyVaultSecretStore({ vault: vaultAt(vaultUrl), credential, embedded });
    stores.set(vaultUrl, store);
    return store;
  }

  /** Returns the vault by the name that log rows use: the first label of the host, except in the embedded cloud. */
  function vaultAt(url: string): Vault {
    const name = new URL(url).hostname.split('.')[0] ?? url;
    return vaults.find((one) => one.url === url) ?? { name, url, resourceId: null };
  }
}
