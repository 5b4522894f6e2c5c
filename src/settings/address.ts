/** Vaults of Azure's clouds: public, China, US government, Germany. Source: Key Vault documentation, DNS suffixes. */
const vaultSuffixes = ['.vault.azure.net', '.vault.azure.cn', '.vault.usgovcloudapi.net', '.vault.microsoftazure.de'];

/** Parses an address without a query or a user name; `undefined` if the text is not one. */
export function parseAddress(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return url;
}

/** How an address is kept: as it is compared and joined with paths. */
export function withoutSlash(url: URL): string {
  return url.href.replace(/\/+$/, '');
}

/** Whether what is sent there stays secret on the way: encrypted, or on this machine, or in a container's own network. */
export function isPrivateEnough(url: URL): boolean {
  return url.protocol === 'https:' || isThisMachine(url.hostname) || /^[a-z0-9-]+$/i.test(url.hostname);
}

/** `localhost`, 127.0.0.0/8 and ::1, as URLs and as listening addresses write them. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a vault can have this address: Azure's own domains, or only this machine in the embedded cloud. */
export function isVaultAddress(url: URL, embedded: boolean): boolean {
  if (url.pathname !== '/') return false;
  if (embedded) return isThisMachine(url.hostname);
  const isAzure = vaultSuffixes.some((suffix) => url.hostname.endsWith(suffix) && url.hostname.length > suffix.length);
  return isAzure && url.protocol === 'https:' && url.port === '';
}

/** An address that a token or a password may be sent to. */
export function parsePrivate(text: string): string | undefined {
  const url = parseAddress(text);
  return url !== undefined && isPrivateEnough(url) ? withoutSlash(url) : undefined;
}
