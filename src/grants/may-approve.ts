import type { Person } from '../provenance/person.ts';
import type { Policy, PolicyPerson } from '../secrets/policy.ts';
import type { GrantRequest } from './grant-entry.ts';

/** What the question of a second person rests on. */
export interface ApprovalQuestion {
  readonly request: GrantRequest;
  readonly by: Person;
  readonly policy: Pick<Policy, 'people'>;
  /** Gitea's address without a trailing slash: people who sign in at Gitea itself have its ids as subjects. */
  readonly gitea: string;
}

/**
 * Returns why this person may not approve a request; `null` if they may. Whoever approves is neither the author of the
 * commit nor the one who started the run, by ids that never change: names prove nothing. If nothing shows which account of
 * Gitea a person has, or who the author is, nobody can be shown to be another person.
 */
export function explainNoApproval({ request, by, policy, gitea }: ApprovalQuestion): string | null {
  if (by.kind === 'machine') return 'a machine account is not a person';
  if (by.kind === 'unnamed') return 'nothing proves who this is';
  const known = knownPerson(by, policy);
  const isListed = request.approvers.includes('operator') || request.approvers.includes(known?.name ?? '');
  if (!isListed) return `the policy names as approvers ${request.approvers.join(', ')}`;
  const account = giteaAccountOf({ by, policy, gitea });
  if (account === null) {
    return 'nothing shows which account of Gitea this person has: name it under people in the policy';
  }
  if (request.triggeredBy === null) return 'Gitea does not say who started the run';
  if (request.author === null) return 'Gitea knows no account of the author of the commit';
  if (account === request.triggeredBy.id) return 'this person started the run';
  return account === request.author.id ? 'this person wrote the commit' : null;
}

/** Returns why not even the exception is open to them: it is for a person alone, never for a program. */
export function explainNoException(by: Person): string | null {
  return by.kind === 'machine' ? 'a machine account is not a person' : null;
}

/** The id of the account of Gitea that a person is shown to have: by the policy, or because they signed in at Gitea itself. */
export function giteaAccountOf({ by, policy, gitea }: Omit<ApprovalQuestion, 'request'>): number | null {
  if (by.kind !== 'signed-in') return null;
  const named = knownPerson(by, policy)?.gitea;
  if (named !== undefined) return named;
  // `Number` would make 0 of an empty text.
  const isId = by.subject.issuer === gitea && /^[1-9]\d{0,14}$/.test(by.subject.id);
  return isId ? Number(by.subject.id) : null;
}

function knownPerson(by: Person, { people = [] }: ApprovalQuestion['policy']): PolicyPerson | undefined {
  if (by.kind !== 'signed-in') return undefined;
  return people.find(({ subject }) => subject.issuer === by.subject.issuer && subject.id === by.subject.id);
}
