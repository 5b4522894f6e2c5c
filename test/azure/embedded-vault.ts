import type { TokenCredential } from '@azure/core-auth';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import { type EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { VaultAccess } from '../../src/azure/vault-client.ts';

const everyRight = ['get', 'set', 'list', 'update', 'delete', 'recover'] as const;

/** A new identity of the embedded cloud with these rights on its vault, and access to the vault as that identity. */
export function embeddedVault(
  cloud: EmbeddedCloud,
  rights: readonly (typeof everyRight)[number][] = everyRight,
): { principal: Principal; access: VaultAccess } {
  const principal = cloud.identity.define({ name: 'rotator', kind: 'managed-identity', address: '10.0.0.4' });
  cloud.vault.grant(principal, rights);
  const vault = { name: cloud.vault.name, url: cloud.vault.url, resourceId: cloud.vault.resourceId };
  return { principal, access: { vault, credential: tokensOf(cloud, principal), embedded: true } };
}

function tokensOf(cloud: EmbeddedCloud, principal: Principal): TokenCredential {
  return {
    getToken: () =>
      Promise.resolve({
        token: cloud.identity.tokenFor(principal, 'https://vault.azure.net'),
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
  };
}
