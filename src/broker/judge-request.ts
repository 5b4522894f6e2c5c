import { ServiceError } from '../service-error.ts';
import type { AccessRule } from '../secrets/policy.ts';
import type { SecretReference } from '../secrets/secret-reference.ts';
import type { BrokerTools } from './broker-tools.ts';
import { decideRead, type ReadQuestion, type Refusal } from './decide.ts';
import type { SessionJournal } from './journal/session-journal.ts';
import type { SessionState } from './journal/session-state.ts';
import type { JobStanding } from './ports/job-facts.ts';

/** One request of a job about one value. */
export interface ReadRequest {
  readonly session: string;
  /** Thumbprint of the key that signed the request, and the request's own id. */
  readonly proof: { readonly key: string; readonly id: string };
  readonly secret: SecretReference;
}

/** What a request is worth: the namespace that allows it and the approval to spend, or what is missing. */
export type Judgement =
  | { readonly allowed: true; readonly namespace: string; readonly grant: string | null }
  | {
      readonly allowed: false;
      readonly because: readonly Refusal[];
      /** The request for access that a person must answer, if that is what is missing. */
      readonly request: string | null;
    };

/** The state of a session for a request that its key signed. @throws ServiceError `BROKER_PROOF_REFUSED` */
export function provenState({ state }: SessionJournal, { key, id }: ReadRequest['proof']): SessionState {
  // One answer for an unknown session and for another's key: nobody learns which sessions there are.
  if (state?.key !== key) throw new ServiceError('BROKER_PROOF_REFUSED', { reason: 'no session has this key' });
  if (state.proofs.has(id)) throw new ServiceError('BROKER_PROOF_REFUSED', { reason: 'it was used before' });
  return state;
}

/** Asks Gitea before each answer, so that an ended job gets nothing more. A session that gives nothing costs Gitea nothing. */
export async function standingNow(
  { jobs, mostRequests }: BrokerTools,
  { ended, job, requests }: Pick<SessionState, 'ended' | 'job' | 'requests'>,
): Promise<JobStanding> {
  if (ended === 'job-ended') return 'ended';
  return ended !== null || requests >= mostRequests ? 'running' : await jobs.standing(job);
}

/** Holds a request against the policy, and then against the word of a person where the policy asks for it. Records nothing of its own. */
export async function judgeRequest(
  tools: BrokerTools,
  state: SessionState,
  { session, secret }: Pick<ReadRequest, 'session' | 'secret'>,
  { standing, delivery }: { readonly standing: JobStanding; readonly delivery: ReadQuestion['delivery'] },
): Promise<Judgement> {
  const { job, requests } = state;
  const question = { ...groundsOf(tools, state, standing), requests, mostRequests: tools.mostRequests };
  const decision = decideRead({ ...question, secret, delivery });
  if (!decision.allowed) return { allowed: false, because: decision.because, request: null };
  const { namespace, access } = decision;
  if (access === null) return { allowed: true, namespace, grant: null };
  return await askPerson(tools, { session, job, secret, namespace, access });
}

/** What a decision about a session rests on, whichever secret it is about. */
export function groundsOf(tools: BrokerTools, { job, ended }: SessionState, standing: JobStanding) {
  return {
    policy: tools.policy().policy,
    job,
    vaults: new Set(tools.readers.keys()),
    ownSecrets: tools.ownSecrets,
    sessionEnded: ended ?? (standing === 'moved' ? ('repository-moved' as const) : null),
  };
}

interface Question {
  readonly session: string;
  readonly job: SessionState['job'];
  readonly secret: SecretReference;
  readonly namespace: string;
  readonly access: AccessRule;
}

/** Asks a person; the grant is spent by whoever makes the read. */
export async function askPerson(
  { access: book }: BrokerTools,
  { session, job, secret, namespace, access }: Question,
): Promise<Judgement> {
  const place = { vault: secret.vault.toLowerCase(), name: secret.name.toLowerCase() };
  const { grant, standing, approvers } = await book.ask({ session, job, ...place, access });
  if (standing === 'approved') return { allowed: true, namespace, grant };
  return { allowed: false, because: [waitingReason(standing, approvers)], request: grant };
}

/** Why a job waits for a person, or waits in vain. */
export function waitingReason(standing: 'waiting' | 'declined', approvers: readonly string[]): Refusal {
  if (standing === 'declined')
    return { code: 'approval-declined', says: 'A person declined that this job gets this secret.' };
  const whom = approvers.length === 0 ? 'a person' : approvers.join(' or ');
  return {
    code: 'approval-needed',
    says: `It waits for ${whom} to approve; neither the author of the commit nor who started the run can.`,
  };
}
