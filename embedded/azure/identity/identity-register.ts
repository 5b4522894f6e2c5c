import { randomBytes, randomUUID } from 'node:crypto';
import { azureIds } from '../azure-ids.ts';
import type { Principal } from './managed-identity.ts';

/** An issued token and its principal. */
export interface KnownToken {
  readonly principal: Principal;
  /** Without a trailing slash: `https://vault.azure.net`. */
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Unix seconds of the machine's clock: the SDK's token cache uses machine time, regardless of the embedded clock. */
  readonly expiresOn: number;
}

/** Principals and their tokens. Nothing is signed: a token is valid because the register remembers it. */
export interface IdentityRegister {
  define(
    principal: Omit<Principal, 'objectId' | 'clientId'> & Partial<Pick<Principal, 'objectId' | 'clientId'>>,
  ): Principal;
  principals(): readonly Principal[];
  issue(principal: Principal, resource: string): { readonly token: string; readonly known: KnownToken };
  /** `null`: unknown or expired. */
  lookUp(token: string): KnownToken | null;
}

/** Applications get an hour, machines a day. */
const lifetimeSeconds = { 'managed-identity': 86_400, person: 86_400, 'service-principal': 3_600 } as const;
/** Application id of the Azure CLI, through which people read. */
const commandLineApplication = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

export function createIdentityRegister(machineNow: () => number = Date.now): IdentityRegister {
  const principals: Principal[] = [];
  const tokens = new Map<string, KnownToken>();
  return {
    define(wanted) {
      const clientId = wanted.clientId ?? (wanted.kind === 'person' ? commandLineApplication : randomUUID());
      const principal = { ...wanted, objectId: wanted.objectId ?? randomUUID(), clientId };
      principals.push(principal);
      return principal;
    },
    principals: () => [...principals],
    issue(principal, resource) {
      const issuedAt = Math.floor(machineNow() / 1000);
      const audience = resource.replace(/\/(\.default)?$/, '').replace(/\/$/, '');
      const expiresOn = issuedAt + lifetimeSeconds[principal.kind];
      const claims = claimsOf(principal, audience, issuedAt, expiresOn);
      const token = [{ typ: 'JWT', alg: 'RS256', kid: 'embedded' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .concat(randomBytes(64).toString('base64url'))
        .join('.');
      const known = { principal, audience, claims, expiresOn };
      tokens.set(token, known);
      return { token, known };
    },
    lookUp(token) {
      const known = tokens.get(token);
      return known && known.expiresOn * 1000 > machineNow() ? known : null;
    },
  };
}

/** The claims of a real token of this kind that clients or the log read. */
function claimsOf(
  principal: Principal,
  audience: string,
  issuedAt: number,
  expiresOn: number,
): Readonly<Record<string, unknown>> {
  const common = {
    aud: audience,
    iss: `https://sts.windows.net/${azureIds.tenant}/`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiresOn,
    tid: azureIds.tenant,
    oid: principal.objectId,
    sub: principal.objectId,
    appid: principal.clientId,
    ver: '1.0',
  };
  if (principal.kind === 'managed-identity') {
    return { ...common, appidacr: '2', idtyp: 'app', xms_mirid: azureIds.managedIdentity(principal.name) };
  }
  // With a certificate or assertion it would be 2; neither the log nor a client here reads it.
  if (principal.kind === 'service-principal') return { ...common, appidacr: '1', idtyp: 'app' };
  const userName = principal.userPrincipalName ?? `${principal.name}@example.org`;
  return {
    ...common,
    appidacr: '0',
    idtyp: 'user',
    scp: 'user_impersonation',
    upn: userName,
    unique_name: userName,
    name: principal.name,
    ipaddr: principal.address,
  };
}
