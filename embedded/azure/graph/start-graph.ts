import type { Clock } from '../../clock.ts';
import { type LoopbackAnswer, startLoopbackServer } from '../../loopback-server.ts';
import type { Directory } from '../identity/directory.ts';
import type { IdentityRegister } from '../identity/identity-register.ts';

/** Microsoft Graph, as far as it shows the members of groups. */
export interface EmbeddedGraph {
  /** `http://localhost:PORT`, without `/v1.0`. */
  readonly url: string;
  readonly directory: Directory;
}

/** Members on one page; real pages hold 100 and more. */
const pageSize = 2;

/**
 * `GET /v1.0/groups/{id}/transitiveMembers` over http on localhost, for principals that may read groups.
 * Source: Microsoft Graph v1.0 reference, "List group transitive members", read November 2026.
 */
export async function startGraph(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly directory: Directory;
  /** Whom a token must be for; the public cloud's name when absent. */
  readonly audience?: string;
  readonly port?: number;
}): Promise<EmbeddedGraph & { stop(): Promise<void> }> {
  const { register, directory, audience = 'https://graph.microsoft.com' } = options;
  const server = await startLoopbackServer({
    clock: options.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request) {
      const token = /^bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
      const known = token === undefined ? null : register.lookUp(token);
      if (known?.audience !== audience) return refuse(401, 'InvalidAuthenticationToken');
      const [version, collection, group = '', part, ...rest] = request.segments;
      const isMembers = version === 'v1.0' && collection === 'groups' && part === 'transitiveMembers';
      if (request.method !== 'GET' || !isMembers || rest.length > 0) return refuse(400, 'BadRequest');
      if (!directory.mayReadGroups(known.principal.objectId)) return refuse(403, 'Authorization_RequestDenied');
      const members = directory.transitiveMembers(group);
      if (members === null) return refuse(404, 'Request_ResourceNotFound');
      const from = Number(request.url.searchParams.get('$skiptoken') ?? '0');
      const value = members
        .slice(from, from + pageSize)
        .map((id) => ({ '@odata.type': '#microsoft.graph.servicePrincipal', id }));
      if (from + pageSize >= members.length) return { status: 200, body: { value } };
      const next = new URL(`http://localhost:${server.port}${request.target}`);
      next.searchParams.set('$skiptoken', String(from + pageSize));
      return { status: 200, body: { '@odata.nextLink': next.href, value } };
    },
  });
  return { url: `http://localhost:${server.port}`, directory, stop: () => server.stop() };
}

function refuse(status: number, code: string): LoopbackAnswer {
  return { status, body: { error: { code, message: 'The request was refused.' } } };
}
