import { type GiteaAccessToken, parseAccessToken } from '../gitea/gitea-access-token.ts';
import type { GiteaClient } from '../gitea/gitea-client.ts';
import type { CredentialIssuer, IssueRequest, IssuedCredential, Verification } from '../rotation/credential-issuer.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { credentialName, rotationOf } from './credential-name.ts';
import { text, texts } from './target-fields.ts';
import { targetShape } from './target-shape.ts';

const shape = targetShape('gitea-token', {
  user: text(/[\w.-]{1,40}/, "a user's name"),
  // Gitea makes a token without scopes that can do nothing, and says nothing (issue 28820).
  scopes: texts(/all|public-only|(?:read|write):[a-z]+/, 'scopes such as read:repository'),
});

/**
 * Access tokens of a Gitea user, made under a name that carries the rotation and deleted by id.
 * `gitea` authenticates as the bot by Basic authentication: Gitea refuses tokens on these routes.
 */
export function giteaTokenIssuer({ gitea }: { readonly gitea: GiteaClient }): CredentialIssuer {
  return {
    name: 'gitea-token',
    credentialClass: 'minted',
    check: shape.check,
    propose: () => null,
    issue,
    verify,
    describe: async (request) => {
      const wanted = credentialName(request.binding, request.rotationId);
      const token = (await tokensOf(shape.read(request.binding).user, request.signal)).find(
        ({ name }) => name === wanted,
      );
      return token === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: String(token.id), value: null };
    },
    list: async (binding, signal) =>
      (await tokensOf(shape.read(binding).user, signal)).flatMap(({ id, name }) => {
        const rotationId = rotationOf(name, binding);
        return rotationId === null ? [] : [{ credentialId: String(id), rotationId }];
      }),
    revoke: async ({ binding, signal }, credentialId) => {
      const path = `${pathOf(shape.read(binding).user)}/${idOf(binding.vault, binding.name, credentialId)}`;
      const { status } = await gitea.request('DELETE', path, { signal });
      if (status >= 400 && status !== 404)
        throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path, status });
      return { outcome: status === 404 ? 'absent' : 'revoked' };
    },
    lastUsed: async ({ binding, signal }, credentialId) =>
      (await tokensOf(shape.read(binding).user, signal)).find(({ id }) => String(id) === credentialId)?.lastUsedAt ??
      null,
  };

  async function issue(request: IssueRequest): Promise<IssuedCredential> {
    const { user, scopes } = shape.read(request.binding);
    const path = pathOf(user);
    const body = { name: credentialName(request.binding, request.rotationId), scopes };
    const answer = await gitea.request('POST', path, { body, signal: request.signal });
    if (answer.status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: gitea.url, path });
    // 400 says that the name is taken, for instance by a first try whose answer was lost: the caller looks and decides.
    if (answer.status === 400 && (await isTaken(user, body.name, request.signal))) {
      throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea: gitea.url, path, status: 400 });
    }
    if (answer.status >= 400) {
      throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path, status: answer.status });
    }
    const { id } = parseAccessToken(answer.body, { gitea: gitea.url, path });
    return { credentialId: String(id), value: new SecretValue(valueIn(answer.body, path)) };
  }

  /** A fresh session with the token alone says who it is; the list says which token that is and what it may do. */
  async function verify({ binding, signal }: IssueRequest, credential: IssuedCredential): Promise<Verification> {
    const { user, scopes } = shape.read(binding);
    const authentication = { kind: 'token', value: credential.value } as const;
    const self = await gitea.request('GET', '/api/v1/user', { authentication, signal, statuses: [401, 403] });
    if (self.status === 401) return refused(false, 'Gitea does not know this token (401)');
    const login = loginIn(self.body);
    // Without a user scope Gitea answers 403 to a token that it knows; who it belongs to is then told by the list alone.
    if (self.status === 403 && mayReadUser(scopes)) return refused(true, 'the token may not read its own user (403)');
    if (self.status === 200 && login?.toLowerCase() !== user.toLowerCase()) {
      return refused(true, "the token is another user's");
    }
    const listed = (await tokensOf(user, signal)).find(({ id }) => String(id) === credential.credentialId);
    if (listed === undefined) return refused(true, 'the user has no token of this id');
    if (!credential.value.reveal().endsWith(listed.lastEight)) return refused(true, 'the token of this id is another');
    if (!sameScopes(listed.scopes, scopes)) return refused(true, "its scopes are not the target's");
    return { outcome: 'works', principal: user, notes: [gitea.url, `scopes ${[...listed.scopes].sort().join(' ')}`] };
  }

  async function tokensOf(user: string, signal: AbortSignal): Promise<readonly GiteaAccessToken[]> {
    const path = pathOf(user);
    const tokens: GiteaAccessToken[] = [];
    for await (const page of gitea.pages(path, null, { signal })) {
      tokens.push(...page.map((one) => parseAccessToken(one, { gitea: gitea.url, path })));
    }
    return tokens;
  }

  async function isTaken(user: string, wanted: string, signal: AbortSignal): Promise<boolean> {
    return (await tokensOf(user, signal)).some(({ name }) => name === wanted);
  }

  function valueIn(body: unknown, path: string): string {
    const value = typeof body === 'object' && body !== null && 'sha1' in body ? body.sha1 : null;
    // The token exists and its value is lost: only a look at the list can say what to do.
    if (typeof value !== 'string' || value === '')
      throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea: gitea.url, path, status: 201 });
    return value;
  }
}

function refused(authenticated: boolean, reason: string): Verification {
  return { outcome: 'refused', authenticated, reason };
}

function pathOf(user: string): string {
  return `/api/v1/users/${encodeURIComponent(user)}/tokens`;
}

/** Gitea takes a name where it takes an id: anything but digits might delete another token. */
function idOf(vault: string, secret: string, credentialId: string): string {
  if (/^\d{1,15}$/.test(credentialId)) return credentialId;
  const details = {
    issuer: 'gitea-token',
    secret: `${vault}/${secret}`,
    place: 'CredentialId',
    reason: 'is not the id of a token',
  };
  throw new ServiceError('ISSUER_TARGET_REFUSED', details);
}

function loginIn(body: unknown): string | null {
  const login = typeof body === 'object' && body !== null && 'login' in body ? body.login : null;
  return typeof login === 'string' ? login : null;
}

function mayReadUser(scopes: readonly string[]): boolean {
  return scopes.some((scope) => scope === 'all' || scope.endsWith(':user'));
}

function sameScopes(actual: readonly string[], wanted: readonly string[]): boolean {
  return actual.length === wanted.length && new Set([...actual, ...wanted]).size === wanted.length;
}
