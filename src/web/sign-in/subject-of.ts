import type { Subject } from '../../provenance/person.ts';

/** The claims of an ID token that name its account, as OpenID Connect and Entra define them. */
interface NamingClaims {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Returns who an ID token speaks of. Entra's `sub` differs from one application to the next, so that one person would be two
 * in two portals of a tenant: where the issuer is the tenant that `tid` names, `oid` counts.
 * Source: OpenID Connect Core 5.7; Microsoft, "ID token claims reference" (oid, tid, sub).
 */
export function subjectOf(claims: NamingClaims): Subject {
  const { iss, sub, oid, tid } = claims;
  const issuer = iss.replace(/\/+$/, '');
  const isEntra = typeof tid === 'string' && issuer.endsWith(`/${tid}/v2.0`);
  return { issuer, id: isEntra && typeof oid === 'string' && oid !== '' ? oid.toLowerCase() : sub };
}
