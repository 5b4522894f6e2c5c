import { forbiddenInHead, type UseHead } from '../../provenance/use-exchange.ts';
import { ServiceError } from '../../service-error.ts';

/** A request as the broker will make it, but for the values. */
export interface UseRequest {
  readonly method: string;
  readonly url: URL;
  /** Without `host` and without headers that frame a message. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly length: number | null;
}

/**
 * Checks a head of which nothing is trusted. What two readers could read differently is refused, so that what was decided
 * about is what is sent: the broker writes the request line, `Host` and the framing itself, from this.
 * @throws ServiceError `REQUEST_MALFORMED`
 */
export function toUseRequest({ method, url: written, headers, length }: UseHead): UseRequest {
  const url = URL.parse(written);
  if (!/^[A-Z]{3,20}$/.test(method) || method === 'CONNECT' || method === 'TRACE')
    throw malformed('method', 'is no method that the broker uses');
  if (url === null) throw malformed('url', 'is no absolute address');
  if (url.protocol !== 'https:') throw malformed('url', 'is not https');
  // Names are on record, and no name in use is longer (RFC 1035).
  if (url.hostname.length > 253) throw malformed('url', 'has a host that is too long');
  if (url.username !== '' || url.password !== '' || written.includes('#'))
    throw malformed('url', 'has user information or a fragment');
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host');
  if (hosts.length > 1 || hosts.some(([, value]) => !isSameHost(value, url)))
    throw malformed('headers.host', 'is not the host of the address');
  const framing = headers.find(([name]) => forbiddenInHead.has(name.toLowerCase()));
  if (framing !== undefined) throw malformed('headers', 'hold one that frames the message or names a connection');
  return { method, url, headers: headers.filter(([name]) => name.toLowerCase() !== 'host'), length };
}

/** A default port may be written or not. */
function isSameHost(value: string, url: URL): boolean {
  const host = /^[\w.:[\]-]{1,300}$/.test(value) ? URL.parse(`https://${value}/`) : null;
  return host !== null && host.host === url.host && host.pathname === '/';
}

function malformed(place: string, reason: string): ServiceError {
  return new ServiceError('REQUEST_MALFORMED', { place, reason });
}
