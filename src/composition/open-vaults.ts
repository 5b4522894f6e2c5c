import type { TokenCredential } from '@azure/identity';
import { keyVaultSecretStore } from '../azure/key-vault-secret-store.ts';
import type { VaultAccess } from '../azure/vault-client.ts';
import type { SecretStore } from '../rotation/secret-store.ts';
import type { Settings } from '../settings.ts';
import { version } from './version.ts';

/** How each vault of the settings is reached, the staging vault among them. */
export function vaultAccess(settings: Settings, credential: TokenCredential): readonly VaultAccess[] {
  const { vaults, stagingVault, embedded } = settings;
  const all = stagingVault === null ? vaults : [...vaults, stagingVault];
  return all.map((vault) => ({ vault, credential, embedded, userAgent: `keyturn-service/${version}` }));
}

/** One store a vault, by its short name. */
export function openVaults(access: readonly VaultAccess[]): ReadonlyMap<string, SecretStore> {
  return new Map(access.map((one) => [one.vault.name, keyVaultSecretStore(one)]));
}
