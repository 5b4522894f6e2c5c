import { memoize } from '../../provenance/memoize.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** What `ResultSignature` says for each status, letters only. Source: real records and HTTP's own phrases. */
const signatures: Readonly<Record<string, number>> = {
  ok: 200,
  created: 201,
  accepted: 202,
  nocontent: 204,
  badrequest: 400,
  unauthorized: 401,
  forbidden: 403,
  notfound: 404,
  conflict: 409,
  toomanyrequests: 429,
  internalservererror: 500,
  badgateway: 502,
  serviceunavailable: 503,
  gatewaytimeout: 504,
};

/** Whether the row's status and signature state different outcomes. An unknown or absent signature states none. */
export function disagrees(status: number, signature: string | null): boolean {
  if (signature === null) return false;
  const meant = meantBy(signature);
  return meant !== null && meant !== status;
}

const meantBy = memoize((signature) => signatures[signature.toLowerCase().replace(/[^a-z]/g, '')] ?? null);

/**
 * Why a request was refused; `null` if it was not. Azure uses two shapes: an RBAC vault says `isRbacAuthorized: false`,
 * an access-policy vault `isAccessPolicyMatch: false`.
 */
export function classifyDenial(
  status: number,
  column: (name: string) => unknown,
  description: string | null,
): Retrieval['denial'] {
  if (status === 401) return 'unauthenticated';
  if (status !== 403) return null;
  const text = description ?? '';
  if (isFalse(column('isaddressauthorized')) || /ForbiddenBy(Firewall|Connection)|client address is not/i.test(text)) {
    return 'firewall';
  }
  if (/SecretDisabled|disabled secret/i.test(text)) return 'disabled';
  if (isFalse(column('isrbacauthorized')) || /ForbiddenByRbac|role assignments/i.test(text)) return 'rbac';
  if (isFalse(column('isaccesspolicymatch')) || /does not have secrets \w+ permission/i.test(text))
    return 'access-policy';
  return 'unknown';
}

function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && value.toLowerCase() === 'false');
}
