import type { Clock } from '../../clock.ts';
import { type LoopbackAnswer, type LoopbackRequest, startLoopbackServer } from '../../loopback-server.ts';
import { azureIds } from '../azure-ids.ts';
import type { IdentityRegister } from './identity-register.ts';
import type { EmbeddedIdentity, Principal } from './managed-identity.ts';

/** The instance metadata service's token route: `GET /metadata/identity/oauth2/token`. */
export async function startManagedIdentity(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly port?: number;
}): Promise<EmbeddedIdentity & { stop(): Promise<void> }> {
  const { register } = options;
  const server = await startLoopbackServer({
    clock: options.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer: (request) => answerTokenRequest(register, request),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    define: (principal) => register.define(principal),
    tokenFor: (principal, resource) => register.issue(principal, resource).token,
    principals: () => register.principals(),
    stop: () => server.stop(),
  };
}

function answerTokenRequest(register: IdentityRegister, request: LoopbackRequest): LoopbackAnswer {
  // Compared by segments, because the SDK adds a trailing slash that other clients omit.
  if (request.segments.join('/') !== 'metadata/identity/oauth2/token') return refuse(404, 'not_found', 'No such route');
  // Without this header a web page could request tokens; the real service refuses too.
  if (request.headers['metadata']?.toLowerCase() !== 'true') {
    return refuse(400, 'invalid_request', 'Required metadata header not specified');
  }
  const resource = request.url.searchParams.get('resource');
  if (!resource) return refuse(400, 'invalid_request', 'Required query variable "resource" is missing');
  const found = findPrincipal(register.principals(), request.url.searchParams);
  if (typeof found === 'string') return refuse(400, 'invalid_request', found);
  const { token, known } = register.issue(found, resource);
  const secondsLeft = known.expiresOn - Math.floor(Date.now() / 1000);
  return {
    status: 200,
    body: {
      access_token: token,
      client_id: found.clientId,
      // The real service sends all numbers as text.
      expires_in: String(secondsLeft),
      expires_on: String(known.expiresOn),
      ext_expires_in: String(secondsLeft),
      not_before: String(known.expiresOn - 86_400),
      resource,
      token_type: 'Bearer',
    },
  };
}

/** The requested identity, or why there is none. */
function findPrincipal(principals: readonly Principal[], query: URLSearchParams): Principal | string {
  const identities = principals.filter((principal) => principal.kind === 'managed-identity');
  const clientId = query.get('client_id');
  const objectId = query.get('object_id') ?? query.get('principal_id');
  const resourceId = query.get('msi_res_id') ?? query.get('mi_res_id');
  if (clientId === null && objectId === null && resourceId === null) {
    const [first, ...others] = identities;
    if (first && others.length === 0) return first;
    return first
      ? 'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request'
      : 'Identity not found';
  }
  return (
    identities.find(
      (identity) =>
        identity.clientId === clientId ||
        identity.objectId === objectId ||
        azureIds.managedIdentity(identity.name).toLowerCase() === resourceId?.toLowerCase(),
    ) ?? 'Identity not found'
  );
}

function refuse(status: number, error: string, description: string): LoopbackAnswer {
  return { status, body: { error, error_description: description } };
}
