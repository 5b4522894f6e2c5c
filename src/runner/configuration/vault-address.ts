import { ServiceError } from '../../service-error.ts';
import type { FetchConfiguration, VaultConfiguration } from './fetch-configuration.ts';
import { isLoopback } from '../http-exchange.ts';

/**
 * Returns the configured vault `name` and the resource for its token. A token is only sent to hosts in the vault domain of
 * the configuration's cloud, configured domains and this machine; otherwise anyone who could name a host would receive it.
 * @throws ServiceError VAULT_NOT_CONFIGURED, VAULT_HOST_REFUSED
 */
export function vaultAddress(
  configuration: FetchConfiguration,
  name: string | null,
): VaultConfiguration & { readonly resource: string } {
  const { vaults, vaultDomains, cloud } = configuration;
  const only = vaults.length === 1 ? vaults[0] : undefined;
  const vault = name === null ? only : vaults.find((candidate) => candidate.name === name.toLowerCase());
  if (vault === undefined) throw new ServiceError('VAULT_NOT_CONFIGURED', { vault: printable(name) });
  const host = URL.parse(vault.url)?.hostname ?? '';
  const isKnown = [cloud.vaultDomain, ...vaultDomains].some((domain) => host.endsWith(`.${domain}`));
  if (!isKnown && !isLoopback(vault.url)) {
    throw new ServiceError('VAULT_HOST_REFUSED', { host });
  }
  return { ...vault, resource: `https://${cloud.vaultDomain}` };
}

/** A name from a command line or manifest can be anything, even a secret typed by mistake. */
function printable(name: string | null): string {
  if (name === null) return '(none named, and several configured)';
  return /^[0-9A-Za-z-]{1,127}$/.test(name) ? name : '(no vault name)';
}
