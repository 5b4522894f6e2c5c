/** A vault that the settings name. Events, log rows and requests are compared with these; none of them can add one. */
export interface Vault {
  /** The short name, lower-case: `kv-prod`. What Event Grid calls VaultName, and the last segment of the resource id. */
  readonly name: string;
  /** The vault's address without a trailing slash: `https://kv-prod.vault.azure.net`. */
  readonly url: string;
  /** The Azure Resource Manager id, lower-case; `null` when the settings do not give it. */
  readonly resourceId: string | null;
}

/** One secret of one vault. `version` is `null` where the latest is meant. */
export interface SecretReference {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
}

/**
 * Reads the address of a secret as Key Vault writes it: `https://kv.vault.azure.net/secrets/NAME[/VERSION][?…]`.
 * Trailing slashes, case of the host and `?api%2Dversion=` are all met in real logs.
 * Returns `null` when the text is not the address of one secret.
 */
export function parseSecretUrl(text: string): { host: string; name: string; version: string | null } | null {
  const url = URL.parse(text);
  if (url === null) return null;
  const [collection, name, version, ...rest] = url.pathname.split('/').filter((segment) => segment !== '');
  if (collection?.toLowerCase() !== 'secrets' || name === undefined || rest.length > 0) return null;
  return { host: url.host.toLowerCase(), name: name.toLowerCase(), version: version?.toLowerCase() ?? null };
}
