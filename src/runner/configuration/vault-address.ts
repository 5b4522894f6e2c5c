import { ServiceError } from '../../service-error.ts';
import type { FetchConfiguration, VaultConfiguration } from './fetch-configuration.ts';
import { isLoopback } from '../http-exchange.ts';

/** Azure's clouds: their vault domains, and the resource for a token. Source: Key Vault's list of DNS suffixes. */
const clouds = [
  { domain: 'vault.azure.net', resource: 'https://vault.azure.net' },
  { domain: 'vault.azure.cn', resource: 'https://vault.azure.cn' },
  { domain: 'vault.usgovcloudapi.net', resource: 'https://vault.usgovcloudapi.net' },
] as const;

/**
 * Returns the configured vault `name` and the resource for its token. A token is only sent to hosts in Azure's vault
 * domains, configured domains and this machine; otherwise anyone who could name a host would receive it.
 * @throws ServiceError VAULT_NOT_CONFIGURED, VAULT_HOST_REFUSED
 */
export function vaultAddress(
  configuration: FetchConfiguration,
  name: string | null,
): VaultConfiguration & { readonly resource: string } {
  const { vaults, vaultDomains } = configuration;
  const only = vaults.length === 1 ? vaults[0] : undefined;
  const vault = name === null ? only : vaults.find((candidate) => candidate.name === name.toLowerCase());
  if (vault === undefined) throw new ServiceError('VAULT_NOT_CONFIGURED', { vault: printable(name) });
  const host = URL.parse(vault.url)?.hostname ?? '';
  const cloud = clouds.find(({ domain }) => host.endsWith(`.${domain}`));
  if (cloud === undefined && !isLoopback(vault.url) && !vaultDomains.some((domain) => host.endsWith(`.${domain}`))) {
    throw new ServiceError('VAULT_HOST_REFUSED', { host });
  }
  return { ...vault, resource: cloud?.resource ?? clouds[0].resource };
}

/** A name from a command line or manifest can be anything, even a secret typed by mistake. */
function printable(name: string | null): string {
  if (name === null) return '(none named, and several configured)';
  return /^[0-9A-Za-z-]{1,127}$/.test(name) ? name : '(no vault name)';
}
