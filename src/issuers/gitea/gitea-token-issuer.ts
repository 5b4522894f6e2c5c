import { type GiteaAccessToken, parseAccessToken } from '../../gitea/gitea-access-token.ts';
import type { GiteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import { type GiteaList, giteaList } from './gitea-list.ts';
import type { OwnToken } from '../shared/issuer-ports.ts';
import { refused } from '../shared/refused.ts';
import { text, texts } from '../shared/target-fields.ts';
import { type TargetFault, targetShape } from '../shared/target-shape.ts';
import { scopeFaults, scopePattern } from './token-scopes.ts';

const shape = targetShape(
  'gitea-token',
  {
    user: text(/[\w.-]{1,40}/, "a user's name"),
    // Gitea silently creates a token without scopes, which can do nothing (issue 28820).
    scopes: texts(scopePattern, 'scopes such as read:repository'),
  },
  ({ scopes }) => scopeFaults(scopes),
);

interface Ports {
  readonly gitea: GiteaClient;
  readonly ownToken?: OwnToken | null;
}

/**
 * Issues access tokens of a Gitea user, with a name that contains the rotation, and revokes them by id. `gitea`
 * authenticates as the bot by Basic authentication: Gitea refuses tokens on these routes. `ownToken`: the secret that
 * holds this authentication. Its new value is published only after a fresh session has used it like the service.
 */
export function giteaTokenIssuer(ports: Ports): CredentialIssuer {
  return {
    name: 'gitea-token',
    credentialClass: 'minted',
    check: (binding) => [...shape.check(binding), ...ownFaults(ports, binding)],
    propose: () => null,
    issue: (request) => issue(ports, request),
    verify: (request, credential) => verify(ports, request, credential),
    describe: async ({ binding, rotationId, signal }) => {
      const token = await find(ports, binding, signal, ({ name }) => name === credentialName(binding, rotationId));
      return token === null
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: String(token.id), value: null };
    },
    list: async (binding, signal) =>
      (await tokensOf(ports, binding).all(signal)).flatMap(({ id, name }) => {
        const rotationId = parseCredentialName(name, binding);
        return rotationId === null ? [] : [{ credentialId: String(id), rotationId }];
      }),
    revoke: async (request, credentialId) =>
      tokensOf(ports, request.binding).remove(request.binding, credentialId, request),
    lastUsed: async ({ binding, signal }, credentialId) =>
      (await find(ports, binding, signal, ({ id }) => String(id) === credentialId))?.lastUsedAt ?? null,
  };
}

async function issue(ports: Ports, request: IssueRequest): Promise<IssuedCredential> {
  const { binding, rotationId, signal } = request;
  const { scopes } = shape.read(binding);
  const name = credentialName(binding, rotationId);
  const tokens = tokensOf(ports, binding);
  let made: unknown;
  try {
    made = await tokens.add({ name, scopes }, request);
  } catch (error) {
    // 400 means that the name is taken, for example by an earlier attempt whose answer was lost. The caller looks and
    // decides.
    const taken = ServiceError.is(error, 'GITEA_REQUEST_REFUSED') && error.details.status === 400;
    if (!taken || (await find(ports, binding, signal, (token) => token.name === name)) === null) throw error;
    throw unclear(ports, tokens.path, 400);
  }
  const value = jsonProperties(made).get('sha1');
  const id = jsonProperties(made).get('id');
  // The token exists but its value is lost; only the list can show what to do.
  if (typeof value !== 'string' || value === '' || typeof id !== 'number') throw unclear(ports, tokens.path, 201);
  return { credentialId: String(id), value: new SecretValue(value) };
}

/** A fresh session with only the token shows its user; the list shows which token it is and its scopes. */
async function verify(
  ports: Ports,
  { binding, signal }: IssueRequest,
  credential: IssuedCredential,
): Promise<Verification> {
  const { user, scopes } = shape.read(binding);
  const authentication = { kind: 'token', value: credential.value } as const;
  const self = await ports.gitea.request('GET', '/api/v1/user', { authentication, signal, statuses: [401, 403] });
  if (self.status === 401) return refused(false, 'Gitea does not know this token (401)');
  // Without a user scope Gitea answers 403 to a known token; only the list then shows its user.
  if (self.status === 403 && mayReadUser(scopes)) return refused(true, 'the token may not read its own user (403)');
  const login = jsonProperties(self.body).get('login');
  if (self.status !== 403 && (typeof login !== 'string' || login.toLowerCase() !== user.toLowerCase())) {
    return refused(true, 'the token belongs to another user');
  }
  const listed = await find(ports, binding, signal, ({ id }) => String(id) === credential.credentialId);
  if (listed === null) return refused(true, 'the user has no token with this id');
  if (!credential.value.reveal().endsWith(listed.lastEight)) return refused(true, 'another token has this id');
  if (!sameScopes(listed.scopes, scopes)) return refused(true, "its scopes differ from the target's");
  if (isOwn(ports, binding)) {
    const asService = { kind: 'basic', user, password: credential.value } as const;
    const path = tokensOf(ports, binding).path;
    const { status } = await ports.gitea.request('GET', path, {
      authentication: asService,
      signal,
      statuses: [401, 403],
    });
    if (status !== 200) return refused(true, `with it the service could not see the user's tokens (${String(status)})`);
  }
  return {
    outcome: 'works',
    principal: user,
    notes: [ports.gitea.url, `scopes ${listed.scopes.toSorted().join(' ')}`],
  };
}

function isOwn(ports: Ports, { vault, name }: SecretBinding): boolean {
  return ports.ownToken?.vault.toLowerCase() === vault && ports.ownToken.name.toLowerCase() === name;
}

/** Rotating the service's own token must not leave it without the right to revoke the old one. */
function ownFaults(ports: Ports, binding: SecretBinding): readonly TargetFault[] {
  if (!isOwn(ports, binding)) return [];
  const { scopes } = binding.target;
  const mayEnd = Array.isArray(scopes) && scopes.some((scope) => scope === 'all' || scope === 'write:user');
  return [
    ...(mayEnd
      ? []
      : [{ place: 'target.scopes', reason: 'must hold write:user: the service itself acts with this token' }]),
    ...(ports.ownToken?.version === null
      ? []
      : [{ place: 'issuer', reason: 'needs KEYTURN_GITEA_TOKEN to name this secret without a version' }]),
  ];
}

function tokensOf(ports: Ports, binding: SecretBinding): GiteaList<GiteaAccessToken> {
  const path = `/api/v1/users/${encodeURIComponent(shape.read(binding).user)}/tokens`;
  return giteaList(ports.gitea, path, parseAccessToken);
}

async function find(
  ports: Ports,
  binding: SecretBinding,
  signal: AbortSignal,
  wanted: (token: GiteaAccessToken) => boolean,
): Promise<GiteaAccessToken | null> {
  return (await tokensOf(ports, binding).all(signal)).find(wanted) ?? null;
}

function unclear(ports: Ports, path: string, status: number): ServiceError {
  return new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea: ports.gitea.url, path, status });
}

function mayReadUser(scopes: readonly string[]): boolean {
  return scopes.some((scope) => scope === 'all' || scope.endsWith(':user'));
}

function sameScopes(actual: readonly string[], wanted: readonly string[]): boolean {
  return actual.length === wanted.length && new Set([...actual, ...wanted]).size === wanted.length;
}
