import { type ClientRequest, Agent as PlainAgent, request as requestPlain } from 'node:http';
import { Agent as SecureAgent, request as requestSecure } from 'node:https';
import { rootCertificates } from 'node:tls';

interface Start {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** PEM of a further certificate authority. */
  readonly authority: string | undefined;
}

const mostSockets = 16;
let plain: PlainAgent | null = null;
const secure = new Map<string, SecureAgent>();

/**
 * Starts one request whose body is written by the caller. Connections are kept for the next; no proxy is read from the
 * environment. The answer's headers hold those of another server, so they may be longer than usual.
 */
export function startRequest(url: string, { method, headers, signal, authority }: Start): ClientRequest {
  const common = { method, headers, signal, maxHeaderSize: 32_768 };
  if (!url.startsWith('https:')) {
    plain ??= new PlainAgent({ keepAlive: true, maxSockets: mostSockets });
    return requestPlain(url, { ...common, agent: plain });
  }
  const known = secure.get(authority ?? '');
  const trusted = authority === undefined ? {} : { ca: [...rootCertificates, authority] };
  const agent = known ?? new SecureAgent({ keepAlive: true, maxSockets: mostSockets, ...trusted });
  secure.set(authority ?? '', agent);
  return requestSecure(url, { ...common, agent });
}
