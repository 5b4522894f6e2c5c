import type { TokenCredential } from '@azure/identity';
import { keyVaultSecretStore } from '../azure/key-vault-secret-store.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { SecretSetting } from '../settings.ts';

/**
 * The value of a secret among the settings: as it stands, or read from the vault that it refers to. References are
 * resolved by the platform on App Service alone, so a self-hosted server does it here, each time anew: the credential
 * of the service itself may have been rotated meanwhile.
 */
export function settingResolver(credential: TokenCredential, embedded: boolean) {
  return async (setting: SecretSetting): Promise<SecretValue> => {
    if (setting.kind === 'value') return setting.value;
    const { vaultUrl, name } = setting;
    const vault = { name: new URL(vaultUrl).hostname.split('.')[0] ?? vaultUrl, url: vaultUrl, resourceId: null };
    const store = keyVaultSecretStore({ vault, credential, embedded });
    const version = setting.version ?? (await store.latest(name))?.version;
    const value = version === undefined ? null : await store.value(name, version);
    if (value !== null) return value;
    throw new ServiceError('SETTINGS_MALFORMED', { faults: [`the secret ${vault.name}/${name} is not there`] });
  };
}
