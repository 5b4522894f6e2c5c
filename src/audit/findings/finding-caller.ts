import type { IdentityRule, Policy } from '../../secrets/policy.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { callerOf } from '../model/retrieval-names.ts';

/**
 * Names the caller of an event in a sentence: the policy's name for the identity, followed by its id, so that a reader
 * need not look up the object id but can. Without an entry in the policy, the managed identity's own name.
 */
export function callerName(retrieval: Retrieval, { identities }: Policy): string {
  const { objectId, userPrincipalName, managedIdentity } = retrieval.identity;
  const caller = callerOf(retrieval);
  if (userPrincipalName !== null || objectId === null) return caller;
  const rule = identities.get(objectId);
  const known = rule === undefined ? managedIdentity?.split('/').at(-1) : nameOf(rule);
  return known === undefined || known === '' ? caller : `${known} (${caller})`;
}

/** Capitalises a name at the start of a sentence. */
export function capitalised(sentence: string): string {
  return /^(?:the|a) /.test(sentence) ? `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}` : sentence;
}

function nameOf({ role, runnerLabels, repositories }: IdentityRule): string {
  switch (role) {
    case 'rotator':
      return "Keyturn's rotator";
    case 'reporter':
      return "Keyturn's reporter";
    case 'broker':
      return "Keyturn's broker";
    case 'platform':
      return "the platform's identity";
    case 'runner': {
      const [whose, names] = runnerLabels.length > 0 ? ['for', runnerLabels] : ['of', repositories];
      return names.length === 0 ? 'the runner identity' : `the runner identity ${whose} ${names.join(', ')}`;
    }
    default:
      return role satisfies never;
  }
}
