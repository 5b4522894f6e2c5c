import { allows, useToken } from './access-tokens.ts';
import { Refusal } from './answer.ts';
import { matchesCredential } from './credential-hash.ts';
import type { GiteaInstance } from './gitea-instance.ts';
import { rowById } from './gitea-instance.ts';
import type { StoredRepository, StoredUser } from './gitea-state.ts';

/** Who is asking. `scopes` is `null` for a password, which may do all that its user may. */
export interface Caller {
  readonly user: StoredUser;
  readonly scopes: readonly string[] | null;
  /** Basic authentication, by password or by a token in a password's place. */
  readonly basic: boolean;
}

/** Reads the Authorization header. `null` without one. @throws Refusal 401 for a credential that Gitea does not know. */
export function callerOf(instance: GiteaInstance, authorization: string | undefined): Caller | null {
  if (authorization === undefined || authorization === '') return null;
  const [scheme = '', credential = ''] = authorization.split(/ +/, 2);
  switch (scheme.toLowerCase()) {
    case 'token':
    case 'bearer':
      return byToken(instance, credential, false) ?? refuse();
    case 'basic':
      return byBasic(instance, credential) ?? refuse();
    default:
      return null;
  }
}

function byToken(instance: GiteaInstance, value: string, basic: boolean): Caller | null {
  const token = useToken(instance, value);
  if (token === null) return null;
  return { user: rowById(instance.state.users, token.userId), scopes: token.scopes, basic };
}

/** `user:password`, `user:token`, `token:` or `token:x-oauth-basic` (services/auth/basic.go). */
function byBasic(instance: GiteaInstance, credential: string): Caller | null {
  const decoded = Buffer.from(credential, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const name = colon < 0 ? decoded : decoded.slice(0, colon);
  const password = colon < 0 ? '' : decoded.slice(colon + 1);
  const token = password === '' || password === 'x-oauth-basic' ? name : password;
  const caller = byToken(instance, token, true);
  if (caller !== null) return caller;
  const user = instance.state.users.find((row) => row.name.toLowerCase() === name.toLowerCase());
  if (!instance.basicAuthentication) throw new Refusal(401, 'token is required');
  if (user === undefined || user.secondFactor || !matchesCredential(password, user.passwordHash)) return null;
  return { user, scopes: null, basic: true };
}

function refuse(): never {
  throw new Refusal(401, 'invalid username, password or token');
}

/** @throws Refusal 403 when the caller's token lacks the scope that Gitea asks of this area and method. */
export function requireScope(caller: Caller | null, level: 'read' | 'write', area: string): void {
  if (caller === null || caller.scopes === null || allows(caller.scopes, level, area)) return;
  const scopes = caller.scopes.join(',');
  throw new Refusal(
    403,
    `token does not have at least one of required scope(s), required=[${level}:${area}], token scope=${scopes}`,
  );
}

/** What a caller may do with a repository. */
export function rightsIn(
  repository: StoredRepository,
  caller: Caller | null,
): { readonly read: boolean; readonly administer: boolean } {
  const name = caller?.user.name.toLowerCase();
  const own =
    name !== undefined && [repository.owner, ...repository.administrators].some((user) => user.toLowerCase() === name);
  const administer = own || caller?.user.administrator === true;
  const hidden = caller?.scopes?.includes('public-only') === true && repository.private;
  return { read: !hidden && (administer || !repository.private), administer: administer && !hidden };
}
