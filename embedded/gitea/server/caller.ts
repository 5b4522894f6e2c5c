import { allows, useToken } from './access-tokens.ts';
import { Refusal } from './answer.ts';
import { matchesCredential } from './credential-hash.ts';
import type { GiteaInstance } from './gitea-instance.ts';
import { rowById } from './gitea-instance.ts';
import type { StoredRepository, StoredUser } from './gitea-state.ts';

/** The caller of a request. `scopes` is `null` for a password, which allows all that its user may do. */
export interface Caller {
  readonly user: StoredUser;
  readonly scopes: readonly string[] | null;
  /** Whether it used Basic authentication, with a password or a token as the password. */
  readonly basic: boolean;
}

/** Reads the Authorization header; `null` if there is none. @throws Refusal 401 for an unknown credential. */
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

/** @throws Refusal 403 if the caller's token lacks the scope for this area and method. */
export function requireScope(caller: Caller | null, level: 'read' | 'write', area: string): void {
  if (caller === null || caller.scopes === null || allows(caller.scopes, level, area)) return;
  const scopes = caller.scopes.join(',');
  throw new Refusal(
    403,
    `token does not have at least one of required scope(s), required=[${level}:${area}], token scope=${scopes}`,
  );
}

/** Returns the caller's rights in a repository. */
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
