import { decideAccess } from '../secrets/decide-access.ts';
import { namespaceRefusals, type ReadingJob } from '../secrets/namespace-refusals.ts';
import type { AccessRule, Policy, SecretBinding, TrackedSecret } from '../secrets/policy.ts';
import type { RefusalCode } from './journal/broker-entry.ts';

/** What one job asks for, and everything that the decision rests on. */
export interface ReadQuestion {
  readonly policy: Policy;
  readonly job: ReadingJob;
  readonly secret: { readonly vault: string; readonly name: string };
  /** Short names of the vaults that the broker serves. */
  readonly vaults: ReadonlySet<string>;
  /** Names of Keyturn's own secrets, `vault/name`, lower-case. */
  readonly ownSecrets: ReadonlySet<string>;
  /** Whether the job would have the value, or the broker would use it in the job's place. */
  readonly delivery: 'value' | 'use';
  /** Requests of the session of this kind before this one. */
  readonly requests: number;
  readonly mostRequests: number;
  /** Why the session gives nothing more; `null` while it does. `repository-moved` ends it without an entry of its own. */
  readonly sessionEnded: SessionEnd | null;
}

type SessionEnd = 'second-key' | 'job-ended' | 'repository-moved';

/** One reason of a refusal, with what would change it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly says: string;
}

export type ReadDecision =
  | { readonly allowed: true; readonly namespace: string; readonly access: AccessRule | null }
  | { readonly allowed: false; readonly because: readonly Refusal[] };

/**
 * Decides one read. Pure. Denies by default: a secret that the policy does not bind, or that names no namespace, is served
 * to nobody. Returns all reasons at once.
 */
export function decideRead(question: ReadQuestion): ReadDecision {
  const { policy, secret, job } = question;
  const closed = closedReasons(question);
  const key = `${secret.vault}/${secret.name}`.toLowerCase();
  const entry = policy.secrets.get(key) ?? policy.tracked.get(key);
  if (entry === undefined) return refused(...closed, notBound);
  const verdict = decideAccess(policy, entry, job);
  if (verdict.kind === 'unlimited') return refused(...closed, noNamespace);
  const allowed = verdict.namespaces.filter(({ allows }) => allows);
  const held = deliveryRefusal(question, entry, allowed);
  const allowing = allowed.find(({ name }) => givesValue(policy, name)) ?? allowed[0];
  if (allowing === undefined) {
    const reasons = verdict.namespaces.map(({ name, because }) => `${name}: ${because.join('; ')}`).join('. ');
    return refused(...closed, {
      code: 'outside-namespace',
      says: `No namespace of this secret allows the job. ${reasons}.`,
    });
  }
  const { access = null } = entry;
  const rule = access === null ? [] : accessRefusals(job, access);
  if (closed.length + held.length + rule.length > 0) return refused(...closed, ...held, ...rule);
  return { allowed: true, namespace: allowing.name, access };
}

/** A value goes to a job if neither its secret nor every namespace that allows the job says `use`; a use needs `uses`. */
function deliveryRefusal(
  { delivery, policy }: ReadQuestion,
  { delivery: own = 'value', uses = [] }: SecretBinding | TrackedSecret,
  allowed: readonly { readonly name: string }[],
): readonly Refusal[] {
  if (delivery === 'use') return uses.length > 0 ? [] : [useNotAllowed];
  return own === 'value' && allowed.some(({ name }) => givesValue(policy, name)) ? [] : [useOnly];
}

function givesValue({ namespaces }: Policy, name: string): boolean {
  return namespaces.get(name)?.delivery !== 'use';
}

/** Why a job may not even ask for the approval of a person. */
function accessRefusals(job: ReadingJob, { when }: AccessRule): readonly Refusal[] {
  const because = namespaceRefusals(job, { name: '', repositories: [], forks: false, ...when });
  if (because.length === 0) return [];
  return [
    { code: 'outside-access-rule', says: `Approval can be asked for by other jobs alone: ${because.join('; ')}.` },
  ];
}

/** Reasons that hold whatever the policy says of the secret. */
function closedReasons(question: ReadQuestion): readonly Refusal[] {
  const { secret, vaults, ownSecrets } = question;
  const name = secret.name.toLowerCase();
  const isOwn = name.startsWith('rot-pending--') || ownSecrets.has(`${secret.vault}/${name}`.toLowerCase());
  return [
    ...sessionReasons(question),
    ...(isOwn ? [secretOfKeyturn] : []),
    ...(vaults.has(secret.vault.toLowerCase()) ? [] : [vaultNotServed]),
  ];
}

/** Reasons that hold for every request of a session, whatever it is about. */
export function sessionReasons({
  delivery,
  requests,
  mostRequests,
  sessionEnded,
}: Pick<ReadQuestion, 'delivery' | 'requests' | 'mostRequests' | 'sessionEnded'>): readonly Refusal[] {
  return [
    ...(sessionEnded === null ? [] : [endings[sessionEnded]]),
    ...(requests < mostRequests ? [] : [delivery === 'use' ? tooManyUses : tooMany]),
  ];
}

function refused(...because: readonly Refusal[]): ReadDecision {
  return { allowed: false, because };
}

const notBound: Refusal = {
  code: 'secret-not-bound',
  says: 'The policy does not name this secret. Add it to keyturn.policy.yml with its namespaces.',
};
const noNamespace: Refusal = {
  code: 'no-namespace',
  says: 'The policy names no namespace for this secret, so the broker serves it to no job. Add one.',
};
const secretOfKeyturn: Refusal = {
  code: 'secret-of-keyturn',
  says: 'This secret belongs to Keyturn itself. No job may read it.',
};
const vaultNotServed: Refusal = {
  code: 'vault-not-served',
  says: 'The broker does not serve this vault. KEYTURN_VAULTS names the vaults that it serves.',
};
const tooMany: Refusal = {
  code: 'too-many-reads',
  says: 'This job has made as many requests as a job may.',
};
const tooManyUses: Refusal = {
  code: 'too-many-uses',
  says: 'The broker has made as many requests for this job as a job may ask for.',
};
const useOnly: Refusal = {
  code: 'use-only',
  says: 'The policy lets jobs use this secret and gives them no value: run the command with keyturn-fetch exec --use.',
};
const useNotAllowed: Refusal = {
  code: 'use-not-allowed',
  says: 'The policy names no uses for this secret, so the broker makes no request with it. Add them to keyturn.policy.yml.',
};
const endings: Readonly<Record<SessionEnd, Refusal>> = {
  'second-key': {
    code: 'session-ended',
    says: 'A second key was shown for this job, so its session has ended. Ask an operator what happened, and run the job again.',
  },
  'repository-moved': {
    code: 'repository-moved',
    says: 'The repository was renamed or transferred while this job ran. Run the job again.',
  },
  'job-ended': { code: 'job-ended', says: 'Gitea says that this job is no longer running.' },
};
