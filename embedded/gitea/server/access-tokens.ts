import { randomBytes } from 'node:crypto';
import { hashCredential, matchesCredential } from './credential-hash.ts';
import { seconds, type GiteaInstance } from './gitea-instance.ts';
import { nextId, type StoredToken, type StoredUser } from './gitea-state.ts';

/** In Gitea's order. */
const areas = [
  'activitypub',
  'admin',
  'misc',
  'notification',
  'organization',
  'package',
  'issue',
  'repository',
  'user',
];

/** Whether Gitea knows a scope: `all`, `public-only`, `read:AREA` or `write:AREA`. */
export function isScope(scope: string): boolean {
  const [level, area] = scope.split(':');
  if (area === undefined) return scope === 'all' || scope === 'public-only';
  return (level === 'read' || level === 'write') && areas.includes(area);
}

/**
 * Normalises scopes as Gitea does: in its own order, without a read scope beside its write scope, and with `all` for all
 * nine write scopes. Source: recorded `token-create-*` of 1.26.3; models/auth/access_token_scope.go, toScope.
 */
function normaliseScopes(scopes: readonly string[]): readonly string[] {
  const publicOnly = scopes.includes('public-only') ? ['public-only'] : [];
  const writes = (area: string) => scopes.includes('all') || scopes.includes(`write:${area}`);
  if (areas.every(writes)) return [...publicOnly, 'all'];
  const kept = areas.flatMap((area) => {
    if (writes(area)) return [`write:${area}`];
    return scopes.includes(`read:${area}`) ? [`read:${area}`] : [];
  });
  return [...publicOnly, ...kept];
}

/** Creates a token of 40 hexadecimal digits, stored as a hash. Returns its value, which no route returns again. */
export function mintToken(
  instance: GiteaInstance,
  user: StoredUser,
  name: string,
  scopes: readonly string[],
): { readonly token: StoredToken; readonly value: string } {
  const value = instance.remember(randomBytes(20).toString('hex'));
  const created = seconds(instance);
  const token: StoredToken = {
    id: nextId(instance.state, 'token'),
    userId: user.id,
    name,
    hash: hashCredential(value),
    lastEight: value.slice(-8),
    scopes: normaliseScopes(scopes),
    created,
    lastUsed: created,
  };
  instance.state.tokens.push(token);
  instance.changed();
  return { token, value };
}

/** Returns the token with this value and records its use; `null` if there is none. */
export function useToken(instance: GiteaInstance, value: string): StoredToken | null {
  const lastEight = value.slice(-8);
  const token = instance.state.tokens.find((row) => row.lastEight === lastEight && matchesCredential(value, row.hash));
  if (token === undefined) return null;
  token.lastUsed = seconds(instance);
  instance.changed();
  return token;
}

/** Returns whether scopes allow an access: `write` includes `read`, `all` includes everything. */
export function allows(scopes: readonly string[], level: 'read' | 'write', area: string): boolean {
  return (
    scopes.includes('all') || scopes.includes(`write:${area}`) || (level === 'read' && scopes.includes(`read:${area}`))
  );
}
