import type { TokenCredential } from '@azure/identity';
import { recordOwnRead } from '../audit/collection/own-read-ledger.ts';
import { keyVaultSecretStore } from '../azure/key-vault-secret-store.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { SecretStore } from '../rotation/ports/secret-store.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { SecretSetting } from '../settings.ts';

interface Parts {
  readonly credential: TokenCredential;
  readonly embedded: boolean;
  /** Those of the settings: a reference may lead to another one. */
  readonly vaults: readonly Vault[];
  readonly records: RecordStore;
  readonly now: () => Date;
}

/**
 * The value of a secret among the settings: as it stands, or read from the vault that it refers to. References are
 * resolved by the platform on App Service alone, so a self-hosted server does it here. Which version is the newest is
 * asked each time anew, for the credential of the service itself may have been rotated meanwhile; a version's value
 * never changes, so it is read once, and that this will be done is on record before it is: the audit knows the row.
 */
export function settingResolver({ credential, embedded, vaults, records, now }: Parts) {
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
    // A version that was disabled since must be refused like any other.
    if (kept !== undefined && kept.version === version && latest?.enabled !== false) return kept.value;
    const value = version === undefined ? null : await read(store, { vault, secret, version });
    if (value === null || version === undefined)
      throw new ServiceError('SETTINGS_MALFORMED', { faults: [`the secret ${vault}/${secret} is not there`] });
    known.set(key, { version, value });
    return value;
  };

  async function read(store: SecretStore, place: { vault: string; secret: string; version: string }) {
    await recordOwnRead(records, { ...place, at: now().toISOString(), purpose: 'setting' });
    return await store.value(place.secret, place.version);
  }

  function storeAt(vaultUrl: string): SecretStore {
    const store = stores.get(vaultUrl) ?? keyVaultSecretStore({ vault: vaultAt(vaultUrl), credential, embedded });
    stores.set(vaultUrl, store);
    return store;
  }

  /** By the name that log rows use: the host's first label, but in the embedded cloud. */
  function vaultAt(url: string): Vault {
    const name = new URL(url).hostname.split('.')[0] ?? url;
    return vaults.find((one) => one.url === url) ?? { name, url, resourceId: null };
  }
}
