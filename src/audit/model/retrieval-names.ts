import type { Retrieval } from './retrieval.ts';

/** `vault/secret` of an event. */
export function subjectOf(retrieval: Retrieval): string {
  if (last?.retrieval === retrieval) return last.subject;
  const { vault, secret } = retrieval;
  last = { retrieval, subject: secret === null ? vault : `${vault}/${secret}` };
  return last.subject;
}

/** Every rule asks for the subject of the row in hand. */
let last: { readonly retrieval: Retrieval; readonly subject: string } | null = null;

/**
 * The caller of an event in a form that a reader can look up: the person's name, or else the object id, the application or
 * the managed identity. Of rows that name none only the address can tell one caller from another.
 */
export function callerOf({ identity, address }: Retrieval): string {
  const { userPrincipalName, objectId, applicationId, managedIdentity } = identity;
  return userPrincipalName ?? objectId ?? applicationId ?? managedIdentity ?? unnamedCaller(address);
}

function unnamedCaller(address: string | null): string {
  return `a caller without an identity${address === null ? '' : ` (${address})`}`;
}
