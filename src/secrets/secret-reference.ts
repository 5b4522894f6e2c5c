/**
 * A vault from the settings. Keyturn compares events, log rows and requests with these vaults; none of them can add
 * one.
 */
export interface Vault {
  /** The short name, lower-case: `kv-prod`. What Event Grid calls VaultName, and the last segment of the resource id. */
  readonly name: string;
  /** The vault's address without a trailing slash: `https://kv-prod.vault.azure.net`. */
  readonly url: string;
  /** The Azure Resource Manager id, lower-case; `null` if the settings do not state it. */
  readonly resourceId: string | null;
}

/** One secret of one vault. `version` is `null` for the latest. */
export interface SecretReference {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
}

/**
 * Parses the address of a secret as Key Vault writes it: `https://kv.vault.azure.net/secrets/NAME[/VERSION][?…]`. Real
 * logs contain trailing slashes, mixed case in the host and `?api%2Dversion=`. Returns `null` if the text is not the
 * address of one secret.
 */
export function parseSecretUrl(text: string): { host: string; name: string; version: string | null } | null {
  const url = URL.parse(text);
  if (url === null) return null;
  const [collection, name, version, ...rest] = url.pathname.split('/').filter((segment) => segment !== '');
  if (collection?.toLowerCase() !== 'secrets' || name === undefined || rest.length > 0) return null;
  return { host: url.host.toLowerCase(), name: name.toLowerCase(), version: version?.toLowerCase() ?? null };
}
