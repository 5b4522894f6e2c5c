import type { Subject } from '../../provenance/person.ts';

/** The claims of an ID token that name its account, as OpenID Connect and Entra define them. */
interface NamingClaims {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Returns the subject of an ID token. Entra's `sub` differs between applications, so that one person would be two in two
 * portals of a tenant; `oid` counts if the issuer is the tenant in `tid`.
 * Source: OpenID Connect Core 5.7; Microsoft, "ID token claims reference" (oid, tid, sub).
 */
export function subjectOf(claims: NamingClaims): Subject {
  const { iss, sub, oid, tid } = claims;
  const issuer = iss.replace(/\/+$/, '');
  const isEntra = typeof tid === 'string' && issuer.endsWith(`/${tid}/v2.0`);
  return { issuer, id: isEntra && typeof oid === 'string' && oid !== '' ? oid.toLowerCase() : sub };
}
