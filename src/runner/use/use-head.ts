import type { IncomingMessage } from 'node:http';
import { forbiddenInHead, type UseHead } from '../../provenance/use-exchange.ts';

/** A body that is longer is cut off. The broker may take less. */
export const mostBodyBytes = 4 * 1024 ** 3;

/** What a program connects to. */
export interface ConnectTarget {
  readonly host: string;
  /** The host, with the port unless it is 443. */
  readonly origin: string;
}

/** `host:port` of CONNECT. Names alone: no certificate could be shown for an address that is spelled in many ways. */
export function connectTarget({ url = '' }: IncomingMessage): ConnectTarget | null {
  const [, name = '', port = ''] = /^([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*):(\d{1,5})$/.exec(url) ?? [];
  const host = name.toLowerCase();
  if (host === '' || host.length > 253 || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host, origin: Number(port) === 443 ? host : `${host}:${String(Number(port))}` };
}

/** Returns the request as data, or why it is refused. `origin`: the host that TLS was ended for. */
export function readHead(request: IncomingMessage, origin: string): UseHead | string {
  const { method = '', url = '', httpVersion } = request;
  const headers = pairs(request.rawHeaders);
  const named = headers.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value.toLowerCase());
  if (httpVersion !== '1.1') return 'Only HTTP/1.1 is proxied.';
  if (named.length !== 1 || (named[0] !== origin && named[0] !== `${origin}:443`))
    return `The header Host and the host that the connection was made to, ${origin}, are not the same.`;
  if (!url.startsWith('/')) return 'The request names no path of its host.';
  if (method === 'TRACE' || method === 'CONNECT') return `${method} is not proxied.`;
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'Only chunked bodies are proxied.';
  const length = coding === undefined ? Number(request.headers['content-length'] ?? '0') : null;
  if (length !== null && (!Number.isSafeInteger(length) || length > mostBodyBytes)) return 'The body is too long.';
  const hopByHop = new Set((request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const passed = headers.filter(([name]) => {
    const low = name.toLowerCase();
    return low !== 'host' && !hopByHop.has(low) && !forbiddenInHead.has(low);
  });
  return { method, url: `https://${origin}${url}`, headers: passed, length };
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

/** A name from outside, for a sentence. */
export function nameOf(host: string): string {
  return /^[A-Za-z0-9.:-]{1,253}$/.test(host) ? host : 'another host';
}
