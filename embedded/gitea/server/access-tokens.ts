import { randomBytes } from 'node:crypto';
import { hashCredential, matchesCredential } from './credential-hash.ts';
import { seconds, type GiteaInstance } from './gitea-instance.ts';
import { nextId, type StoredToken, type StoredUser } from './gitea-state.ts';

const areas = [
  'activitypub',
  'admin',
  'issue',
  'misc',
  'notification',
  'organization',
  'package',
  'repository',
  'user',
];

/** Whether Gitea knows a scope: `all`, `public-only`, `read:AREA` or `write:AREA`. */
export function isScope(scope: string): boolean {
  const [level, area] = scope.split(':');
  if (area === undefined) return scope === 'all' || scope === 'public-only';
  return (level === 'read' || level === 'write') && areas.includes(area);
}

/** Makes a token of 40 hexadecimal digits, kept as a hash. Gives its value, which nothing tells again. */
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
    scopes,
    created,
    lastUsed: created,
  };
  instance.state.tokens.push(token);
  instance.changed();
  return { token, value };
}

/** The token with this value, its use noted; or `null`. */
export function useToken(instance: GiteaInstance, value: string): StoredToken | null {
  const lastEight = value.slice(-8);
  const token = instance.state.tokens.find((row) => row.lastEight === lastEight && matchesCredential(value, row.hash));
  if (token === undefined) return null;
  token.lastUsed = seconds(instance);
  instance.changed();
  return token;
}

/** Whether scopes allow an access: `write` includes `read`, `all` includes everything. */
export function allows(scopes: readonly string[], level: 'read' | 'write', area: string): boolean {
  return (
    scopes.includes('all') || scopes.includes(`write:${area}`) || (level === 'read' && scopes.includes(`read:${area}`))
  );
}
