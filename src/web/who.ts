import type { Person } from '../provenance/person.ts';
import type { Connection, Who } from './caller.ts';
import { fromPlatform, type PlatformAuthentication } from './platform-principal.ts';
import type { OpenId } from './sign-in/open-id.ts';
import type { Sessions } from './sign-in/sessions.ts';
import { ServiceError } from '../service-error.ts';
import type { AttemptLimit } from './attempt-limit.ts';
import { clientAddress } from './client-address.ts';
import { accountOf } from './tokens/api-token.ts';
import type { TokenBook } from './tokens/token-book.ts';
import { readTokenText } from './tokens/token-text.ts';

/** The ways in that a host has. Nothing that a request states about itself counts beyond these. */
export interface Access {
  /** Only `start` trusts loopback. */
  readonly trustLoopback: boolean;
  /** Where the platform checks sign-ins before a request reaches us (App Service authentication). */
  readonly platform: PlatformAuthentication | null;
  readonly sessions: Sessions | null;
  /** Single sign-on; `null` where no identity provider is configured. */
  readonly openId: OpenId | null;
  /** API tokens of programs; `null`: there are none here. */
  readonly tokens: TokenBook | null;
  /** Hosts by which this server may be addressed, lower-case with port, beside loopback ones; empty for none. */
  readonly hosts: readonly string[];
}

const thisMachine: Person = { kind: 'unnamed', door: 'loopback', name: 'operator' };

const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/**
 * Decides who is asking, for every route, before anything else looks at the request. Deny by default.
 * 1. Platform headers count only where the platform injects them; elsewhere a request that carries any gets 401.
 * 2. A foreign Host is refused with 401, because a page on another site may have pointed its name at this machine.
 * 3. An API token, if the request carries one, decides alone; else a session, then loopback (for `start`), then nobody.
 * Rejects if a session or a token cannot be looked up, so that the request is denied.
 * @throws ServiceError `API_TOKEN_REFUSED`, `TOO_MANY_ATTEMPTS`.
 * Source: docs/decisions.md, "Deny by default"; DNS rebinding is why a loopback connection alone proves nothing.
 */
export async function who(
  request: Request,
  connection: Connection,
  { limit, ...access }: Access & { readonly limit: AttemptLimit },
): Promise<Who> {
  const claimed = [...request.headers.keys()].some((name) => name.startsWith('x-ms-client-principal'));
  if (access.platform !== null && claimed) return fromPlatform(request, access.platform);
  if (claimed) return refused('The request carries platform headers where no platform injects them.');
  if (access.platform === null && !isOurHost(request, connection, access))
    return refused('The Host of this request is not one of this server.');

  const byToken = await fromToken(request, clientAddress(request, connection), { tokens: access.tokens, limit });
  if (byToken !== null) return byToken;
  if (access.platform !== null) return fromPlatform(request, access.platform);

  const session = (await access.sessions?.find(request.headers.get('cookie'))) ?? null;
  if (session !== null) return { kind: 'somebody', person: session.person, roles: session.roles, scopes: null };
  if (access.trustLoopback && connection.loopback) {
    return { kind: 'somebody', person: thisMachine, roles: ['auditor', 'operator'], scopes: null };
  }
  return { kind: 'nobody', status: 401, refused: false, reason: 'Nobody is signed in.' };
}

/** Who an API token in the request is; `null` if the request carries none. */
async function fromToken(
  request: Request,
  address: string,
  { tokens, limit }: { readonly tokens: TokenBook | null; readonly limit: AttemptLimit },
): Promise<Who | null> {
  const text = readTokenText(request.headers.get('authorization'));
  if (text === null) return null;
  if (tokens === null || text === 'malformed') throw new ServiceError('API_TOKEN_REFUSED', { reason: 'malformed' });
  const token = await limit.bound(
    address,
    async () => await tokens.use(text),
    () => true,
  );
  return { kind: 'somebody', person: accountOf(token), roles: [], scopes: token.scopes };
}

/** Whether the Host header names this server: loopback names for loopback connections, configured ones for all. */
function isOurHost(request: Request, connection: Connection, access: Access): boolean {
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
  return (connection.loopback && loopbackHost.test(host)) || access.hosts.includes(host);
}

function refused(reason: string): Who {
  return { kind: 'nobody', status: 401, refused: true, reason };
}
