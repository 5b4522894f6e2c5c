import type { AccessRule, PolicyPerson } from './policy.ts';
import type { SecretUse } from './secret-use.ts';
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

/** What the broker may do with one secret in the place of a job. Says a delivery that would give the secret to nobody. */
export function toUses(
  { uses, delivery, namespaces }: WrittenSecret,
  policy: WrittenPolicy,
  at: { readonly path: readonly PropertyKey[]; readonly say: Say },
): { readonly uses?: readonly SecretUse[]; readonly delivery?: 'use' | 'value' } {
  if (uses === undefined || uses.length === 0) {
    if (delivery === 'use') at.say([...at.path, 'delivery'], 'needs uses: without them the secret is given to nobody');
    for (const [index, name] of namespaces.entries()) {
      if (Object.hasOwn(policy.namespaces, name) && policy.namespaces[name]?.delivery === 'use')
        at.say([...at.path, 'namespaces', index], 'lets its jobs use secrets alone, and this secret has no uses');
    }
  }
  return { ...(uses === undefined ? {} : { uses }), ...(delivery === undefined ? {} : { delivery }) };
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
