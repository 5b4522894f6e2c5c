import { z } from 'zod';
import type { Role, Who } from './caller.ts';

/** The conditions under which App Service authentication's headers count. */
export interface PlatformAuthentication {
  readonly tenantId: string;
  /** The tenant's issuers in its cloud; the first one identifies the account in records. */
  readonly issuers: readonly [string, string];
  /** Names of the app roles that make an auditor and an operator. */
  readonly roleNames: Readonly<Record<Role, readonly string[]>>;
}

const principalShape = z.object({
  auth_typ: z.string(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
  role_typ: z.string().optional(),
});

const claimNames = {
  tenant: ['tid', 'http://schemas.microsoft.com/identity/claims/tenantid'],
  issuer: ['iss'],
  objectId: ['oid', 'http://schemas.microsoft.com/identity/claims/objectidentifier'],
  subject: ['sub', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'],
  kind: ['idtyp'],
  name: ['preferred_username', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn', 'name'],
  role: ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'],
} as const;

/**
 * Returns the sender according to the platform. Only called if `KEYTURN_PLATFORM_AUTHENTICATION` is on, which states that
 * the platform removes these headers from requests and sets its own.
 * Source: App Service authentication, "Access user claims in app code" (x-ms-client-principal, base64 of JSON).
 */
export function fromPlatform(request: Request, { tenantId, issuers: trusted, roleNames }: PlatformAuthentication): Who {
  const principal = readPrincipal(request.headers.get('x-ms-client-principal'));
  if (principal === null)
    return { kind: 'nobody', status: 401, refused: false, reason: 'The platform has signed nobody in.' };

  const claims = (names: readonly string[]) =>
    principal.claims.filter(({ typ }) => names.includes(typ)).map(({ val }) => val);
  const tenants = claims(claimNames.tenant);
  const issuers = claims(claimNames.issuer);
  if (principal.auth_typ !== 'aad' || tenants.length !== 1 || tenants[0]?.toLowerCase() !== tenantId.toLowerCase())
    return wrongTenant();
  if (issuers.length !== 1 || !trusted.includes(issuers[0] ?? '')) return wrongTenant();

  const held = claims([...claimNames.role, ...(principal.role_typ === undefined ? [] : [principal.role_typ])]);
  const roles = (['auditor', 'operator'] as const).filter((role) =>
    roleNames[role].some((name) => held.includes(name)),
  );
  if (roles.length === 0)
    return { kind: 'nobody', status: 403, refused: true, reason: 'This account has no role in Keyturn.' };
  const [id, ...others] = new Set(claims(claimNames.objectId));
  if (id === undefined || others.length > 0)
    return { kind: 'nobody', status: 401, refused: true, reason: 'The sign-in does not name one account (oid).' };
  // An app-only token says so, or its object id is its subject.
  // Source: Microsoft, "Access token claims reference": idtyp, and sub with oid in app-only tokens.
  const isProgram = claims(claimNames.kind).includes('app') || claims(claimNames.subject).includes(id);
  const subject = { issuer: trusted[0], id };
  const name = claims(claimNames.name)[0] ?? id;
  return {
    kind: 'somebody',
    person: { kind: isProgram ? 'machine' : 'signed-in', subject, name },
    roles,
    scopes: null,
  };
}

function wrongTenant(): Who {
  return { kind: 'nobody', status: 401, refused: true, reason: 'The sign-in is not of the configured tenant.' };
}

function readPrincipal(header: string | null): z.infer<typeof principalShape> | null {
  if (header === null) return null;
  try {
    return principalShape.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
  } catch {
    // The platform does not write such a header, so the request is anonymous.
    return null;
  }
}
