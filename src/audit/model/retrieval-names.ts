import type { Retrieval } from './retrieval.ts';

/** `vault/secret` of an event. */
export function subjectOf({ vault, secret }: Retrieval): string {
  return secret === null ? vault : `${vault}/${secret}`;
}

/**
 * The caller of an event in a form that a reader can look up: the person's name, or else the object id, or else the
 * application.
 */
export function callerOf({ identity }: Retrieval): string {
  return identity.userPrincipalName ?? identity.objectId ?? identity.applicationId ?? 'nobody named';
}
