import type { AzureCloud } from '../secrets/azure-cloud.ts';

/** Parses an address without a query or a user name; `undefined` if the text is not one. */
export function parseAddress(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return url;
}

/** The same, but a query is allowed: some addresses carry their own signature in it. */
export function parsePlainOrSigned(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || parseAddress(text.split('?')[0] ?? '') === undefined) return undefined;
  return url.username === '' && url.hash === '' ? url : undefined;
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

/** Where addresses of Azure may lie: in one cloud, or in the embedded one. */
export interface AzurePlace {
  readonly embedded: boolean;
  readonly cloud: AzureCloud;
}

/** Returns whether a vault may have this address: in the domain of the cloud, or in the embedded cloud on this machine only. */
export function isVaultAddress(url: URL, { embedded, cloud }: AzurePlace): boolean {
  if (url.pathname !== '/') return false;
  if (embedded) return isThisMachine(url.hostname);
  return isBelow(url.hostname, cloud.vaultDomain) && url.protocol === 'https:' && url.port === '';
}

/** Returns whether a host is a name below a domain. */
export function isBelow(hostname: string, domain: string): boolean {
  return hostname.endsWith(`.${domain}`) && hostname.length > domain.length + 1;
}

/** An address that a token or a password may be sent to. */
export function parsePrivate(text: string): string | undefined {
  const url = parseAddress(text);
  return url !== undefined && isPrivateEnough(url) ? withoutSlash(url) : undefined;
}
