import type { Person } from '../../provenance/person.ts';

/**
 * What an API token may be allowed, with the requests that each scope opens. The list is closed: nothing here approves, lets a
 * first rotation go or decides about a finding, because a program is not a person.
 */
export const tokenScopes = {
  read: 'reads secrets, rotations, requests for access, reads and the set-up, as an operator sees them, without any value',
  report: 'reads findings and packs, downloads their files and checks a pack',
  rotate: 'asks for a rotation and rolls one back',
  metrics: 'reads the figures for Prometheus',
} as const;

export type TokenScope = keyof typeof tokenScopes;

/** One token, without its secret. */
export interface ApiToken {
  /** Names the token for ever. Twenty hexadecimal digits. */
  readonly id: string;
  /** For people; several tokens may have one name, such as an old one and the one that takes its place. */
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly createdBy: Person;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revoked: { readonly at: Date; readonly by: Person } | null;
}

/** Whether a request with the token is refused now, and why; `null` if it counts. */
export function endOf({ revoked, expiresAt }: ApiToken, now: Date): 'revoked' | 'expired' | null {
  if (revoked !== null) return 'revoked';
  return expiresAt <= now ? 'expired' : null;
}

/** Whom journals name for what a token asks: a machine account, so that it can approve nothing. */
export function accountOf({ id, name }: ApiToken): Person {
  return { kind: 'machine', subject: { issuer: 'keyturn:api-token', id }, name };
}

export function isTokenScope(word: string): word is TokenScope {
  return Object.hasOwn(tokenScopes, word);
}

export function isTokenName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/.test(text);
}
