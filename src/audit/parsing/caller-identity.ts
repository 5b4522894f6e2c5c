import { memoize } from '../../provenance/memoize.ts';
import type { Columns } from './row-columns.ts';
import type { CallerIdentity } from '../model/retrieval.ts';

const nobody: CallerIdentity = {
  objectId: null,
  applicationId: null,
  userPrincipalName: null,
  managedIdentity: null,
  kind: 'none',
};

const microsoft = 'http_schemas_microsoft_com_identity_claims_';
const xmlsoap = 'http_schemas_xmlsoap_org_ws_2005_05_identity_claims_';

/** The spellings of each claim in real rows, data plane first, then control plane. */
const spellings = {
  objectId: ['oid', `${microsoft}objectidentifier`],
  applicationId: ['appid', 'azp'],
  userPrincipalName: ['upn', `${xmlsoap}upn`, 'unique_name', `${xmlsoap}name`],
  managedIdentity: ['xms_mirid'],
  scope: ['scp', `${microsoft}scope`],
  type: ['idtyp'],
} as const;

/**
 * Parses the identity of a row from all shapes of claims: an object, an object in a JSON string (managed HSM), Azure's
 * short claim names and its URLs, nested or flat, and AzureDiagnostics with one column per claim.
 */
export function callerIdentity(identity: unknown, columns: Pick<Columns, 'claims'>): CallerIdentity {
  const plain = columns.claims.length === 0 ? plainPair(identity) : null;
  return plain === null ? readIdentity(identity, columns.claims) : identityOfPair(plain);
}

/** The claims of nearly every row of a workload, as text: object id and application id alone. */
function plainPair(identity: unknown): string | null {
  if (!isObject(identity) || !isObject(identity['claim'])) return null;
  const claim = identity['claim'];
  const { oid, appid } = claim;
  if (typeof oid !== 'string' || typeof appid !== 'string') return null;
  let count = 0;
  for (const _ in claim) count += 1;
  return count === 2 ? `${oid}\n${appid}` : null;
}

const identityOfPair = memoize((pair) => {
  const end = pair.indexOf('\n');
  return readIdentity({ claim: { oid: pair.slice(0, end), appid: pair.slice(end + 1) } }, []);
});

function readIdentity(identity: unknown, columns: Columns['claims']): CallerIdentity {
  const claims = new Map<string, string>();
  collect(claims, '', parseClaims(identity));
  for (const { claim, value } of columns) put(claims, claim, value);
  if (claims.size === 0) return nobody;
  const find = (names: readonly string[]) => names.map((name) => claims.get(name)).find((value) => value !== undefined);
  const userPrincipalName = find(spellings.userPrincipalName) ?? null;
  const delegated =
    userPrincipalName !== null || find(spellings.scope) !== undefined || find(spellings.type) === 'user';
  const objectId = find(spellings.objectId) ?? null;
  const applicationId = find(spellings.applicationId) ?? null;
  const managedIdentity = find(spellings.managedIdentity) ?? null;
  if (!delegated && objectId === null && applicationId === null && managedIdentity === null) return nobody;
  return { objectId, applicationId, userPrincipalName, managedIdentity, kind: delegated ? 'person' : 'workload' };
}

function parseClaims(identity: unknown): unknown {
  const parsed = typeof identity === 'string' ? parseOrNull(identity) : identity;
  return isObject(parsed) ? (parsed['claim'] ?? parsed['claims'] ?? null) : null;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // An identity that is not valid JSON names nobody; the row itself stays.
  }
}

/** Joins nested names, so that `…identity` / `claims` / `objectidentifier` equals the one long URL. */
function collect(claims: Map<string, string>, prefix: string, value: unknown): void {
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const plain = plainName(name);
    const joined = prefix === '' ? plain : `${prefix}_${plain}`;
    if (isObject(inner)) collect(claims, joined, inner);
    else put(claims, joined, inner);
  }
}

const plainName = memoize((name) => name.toLowerCase().replace(/[^a-z0-9]+/g, '_'));

function put(claims: Map<string, string>, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value === 'None') return;
  if (!claims.has(name)) claims.set(name, value.toLowerCase());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
