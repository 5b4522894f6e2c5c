import { ServiceError } from '../service-error.ts';
import { type VaultAccess, vaultClient } from './vault-client.ts';
import { isAbsence, readFailure } from './vault-failure.ts';

/** No vault gives a version this name: versions are random. */
const noVersion = '0'.repeat(32);

/**
 * What an identity may do in a vault, found out by requests that disclose no value and change nothing. Key Vault checks the
 * right before it looks for the secret: 403 says that the right is missing, 404 that it is there. Each answer is a row of the
 * vault's log. @throws ServiceError `VAULT_THROTTLED`, `VAULT_UNREACHABLE`, `VAULT_REQUEST_REFUSED`, `IDENTITY_UNAVAILABLE`
 */
export interface VaultRights {
  mayList(): Promise<boolean>;
  /** Asks for a version that cannot exist. */
  mayGet(name: string): Promise<boolean>;
  /** Asks to change nothing in a version that cannot exist. Setting by an access policy is the same right. */
  mayUpdate(name: string): Promise<boolean>;
}

export function vaultRights(access: VaultAccess): VaultRights {
  const { client } = vaultClient(access);
  const vault = access.vault.name;

  async function allows(secret: string | null, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (isAbsence(error)) return true;
      const failure = readFailure(error, { vault, secret });
      if (ServiceError.is(failure, 'VAULT_ACCESS_DENIED')) return false;
      throw failure;
    }
  }

  return {
    mayList: async () => await allows(null, async () => await client.listPropertiesOfSecrets().byPage().next()),
    mayGet: async (name) => await allows(name, async () => await client.getSecret(name, { version: noVersion })),
    mayUpdate: async (name) => await allows(name, async () => await client.updateSecretProperties(name, noVersion, {})),
  };
}
