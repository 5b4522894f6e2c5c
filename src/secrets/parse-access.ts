import type { AccessRule, PolicyPerson } from './policy.ts';
import type { WrittenPolicy, WrittenSecret } from './policy-schema.ts';

/** Says a fault at a place of the policy. */
type Say = (path: readonly PropertyKey[], says: string) => void;

/** The rule for access of one secret, if it has one. Says approvers that `people` does not name. */
export function toAccess(
  { access }: WrittenSecret,
  { people }: WrittenPolicy,
  at: { readonly path: readonly PropertyKey[]; readonly say: Say },
): { readonly access?: AccessRule } {
  if (access === undefined) return {};
  for (const [index, approver] of access.approvers.entries()) {
    if (approver !== 'operator' && !Object.hasOwn(people, approver))
      at.say([...at.path, 'access', 'approvers', index], 'is neither operator nor one of the people of this policy');
  }
  const { approvers, lasts, uses, when } = access;
  if (lasts < 60_000 || lasts > 86_400_000) at.say([...at.path, 'access', 'lasts'], 'must be from 1m to 24h');
  return { access: { approvers, lastsMs: lasts, uses, when } };
}

/** Persons by their accounts. Says two entries of one account: one of them would be a second person of the same. */
export function toPeople({ people }: WrittenPolicy, say: Say): readonly PolicyPerson[] {
  const seen = new Set<string>();
  return Object.entries(people).map(([name, { issuer, subject, gitea }]) => {
    for (const account of [`${issuer} ${subject}`, `gitea ${String(gitea)}`]) {
      if (seen.has(account)) say(['people', name], 'has an account that another of the people has');
      seen.add(account);
    }
    return { name, subject: { issuer: issuer.replace(/\/+$/, ''), id: subject }, gitea };
  });
}
