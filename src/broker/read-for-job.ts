import { formatJobStamp } from '../provenance/job-stamp.ts';
import { ServiceError } from '../service-error.ts';
import type { AccessRule } from '../secrets/policy.ts';
import type { SecretReference } from '../secrets/secret-reference.ts';
import type { BrokerTools } from './broker-tools.ts';
import { decideRead, type ReadDecision, type Refusal } from './decide.ts';
import type { BrokerFacts } from './journal/broker-entry.ts';
import { appendToSession, readSession, type SessionJournal } from './journal/session-journal.ts';
import type { SessionState } from './journal/session-state.ts';
import type { ReadSecret } from './ports/secret-reader.ts';

/** One request of a job for one value. */
export interface ReadRequest {
  readonly session: string;
  /** Thumbprint of the key that signed the request, and the request's own id. */
  readonly proof: { readonly key: string; readonly id: string };
  readonly secret: SecretReference;
}

export type ReadAnswer =
  | { readonly kind: 'served'; readonly secret: ReadSecret }
  | {
      readonly kind: 'refused';
      readonly because: readonly Refusal[];
      /** The request for access that a person must answer, if that is what is missing. */
      readonly request: string | null;
    };

/** Written into the stamp of a brokered read. */
const brokerVersion = 'broker';

/**
 * Reads one value for a job, or refuses with every reason. The order is: the key, the job at Gitea, the decision, the journal,
 * the vault, the journal. If the process dies after the first entry, the row of the vault's log is still known by its nonce.
 * A request whose proof was used before is refused, so that nobody can repeat a recorded request.
 * @throws ServiceError `BROKER_PROOF_REFUSED`, `GITEA_UNREACHABLE`, and what the vault refuses.
 */
export async function readForJob(tools: BrokerTools, request: ReadRequest): Promise<ReadAnswer> {
  for (;;) {
    const journal = await readSession(tools.records, request.session);
    const state = provenState(journal, request.proof);
    try {
      if (await hasJustEnded(tools, state)) {
        await appendToSession(tools.records, journal, { at: tools.now(), facts: { act: 'job-ended' } });
        continue;
      }
      const decision = decideNow(tools, state, request.secret);
      if (!decision.allowed)
        return await refuse(tools, { journal, state, request, because: decision.because, asked: null });
      const { namespace, access } = decision;
      const answer = access === null ? null : await askPerson(tools, { state, request, access });
      if (answer !== null && answer.standing !== 'approved') {
        return await refuse(tools, { journal, state, request, because: [waitingReason(answer)], asked: answer.grant });
      }
      return await serve(tools, { journal, state, request, namespace, grant: answer?.grant ?? null });
    } catch (error) {
      // Another request of the job was recorded meanwhile, before this one did anything: decide again.
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }
}

function provenState({ state }: SessionJournal, { key, id }: ReadRequest['proof']): SessionState {
  // One answer for an unknown session and for another's key: nobody learns which sessions there are.
  if (state?.key !== key) throw new ServiceError('BROKER_PROOF_REFUSED', { reason: 'no session has this key' });
  if (state.proofs.has(id)) throw new ServiceError('BROKER_PROOF_REFUSED', { reason: 'it was used before' });
  return state;
}

/** Asks Gitea before each read, so that an ended job gets nothing more. */
async function hasJustEnded({ jobs }: BrokerTools, { ended, job }: SessionState): Promise<boolean> {
  return ended === null && !(await jobs.isRunning(job));
}

function decideNow(tools: BrokerTools, state: SessionState, secret: SecretReference): ReadDecision {
  const { job, ended, requests } = state;
  return decideRead({
    policy: tools.policy().policy,
    job,
    secret,
    vaults: new Set(tools.readers.keys()),
    ownSecrets: tools.ownSecrets,
    requests,
    mostRequests: tools.mostRequests,
    sessionEnded: ended,
  });
}

async function askPerson(
  { access: book }: BrokerTools,
  { state, request, access }: Omit<Step, 'journal'> & { readonly access: AccessRule },
) {
  const { vault, name } = request.secret;
  const place = { vault: vault.toLowerCase(), name: name.toLowerCase() };
  return await book.ask({ session: request.session, job: state.job, ...place, access });
}

function waitingReason({
  standing,
  approvers,
}: {
  readonly standing: string;
  readonly approvers: readonly string[];
}): Refusal {
  if (standing === 'declined')
    return { code: 'approval-declined', says: 'A person declined that this job gets this secret.' };
  const whom = approvers.length === 0 ? 'a person' : approvers.join(' or ');
  return {
    code: 'approval-needed',
    says: `It waits for ${whom} to approve; neither the author of the commit nor who started the run can.`,
  };
}

interface Step {
  readonly journal: SessionJournal;
  readonly state: SessionState;
  readonly request: ReadRequest;
}

/** Records a refusal. What a job asks beyond its limit is refused once on record, so that one job cannot fill the archive. */
async function refuse(
  { records, now, watch, mostRequests }: BrokerTools,
  {
    journal,
    state,
    request,
    because,
    asked: grant,
  }: Step & { readonly because: readonly Refusal[]; readonly asked: string | null },
): Promise<ReadAnswer> {
  const answer = { kind: 'refused', because, request: grant } as const;
  // A job that waits for a person asks again and again: that it asked is on record once.
  if (state.requests > mostRequests || (grant !== null && isOnRecord(journal, request))) return answer;
  const codes = because.map(({ code }) => code);
  await appendToSession(records, journal, { at: now(), facts: { act: 'refused', ...asked(request), because: codes } });
  await watch({ kind: 'refused', session: request.session, secret: nameOf(request), says: codes.join(', ') });
  return answer;
}

/** Whether this session's journal says already that the secret waits for a person, or that one declined. */
function isOnRecord({ entries }: SessionJournal, { secret }: ReadRequest): boolean {
  return entries.some(
    ({ facts }) =>
      facts.act === 'refused' &&
      facts.because.some((code) => code === 'approval-needed' || code === 'approval-declined') &&
      facts.secret === secret.name.toLowerCase() &&
      facts.vault === secret.vault.toLowerCase(),
  );
}

async function serve(
  tools: BrokerTools,
  { journal, state, request, namespace, grant }: Step & { readonly namespace: string; readonly grant: string | null },
): Promise<ReadAnswer> {
  const nonce = tools.nonce();
  const policy = tools.policy().digest;
  const facts = { act: 'asked', ...asked(request), nonce, namespace, policy, grant } as const;
  const intent = await appendToSession(tools.records, journal, { at: tools.now(), facts });
  const of = intent.entries.length;
  // Spent before the read: if the process dies here, an approval is lost and no value is.
  if (grant !== null && !(await tools.access.spend(grant, `broker/${request.session}#${String(of)}`))) {
    await record(tools, request.session, { act: 'failed', of, code: 'ACCESS_NOT_APPROVED', requestId: null });
    return { kind: 'refused', because: [waitingReason({ standing: 'waiting', approvers: [] })], request: grant };
  }
  const [secret, outcome] = await readOnce(tools, { state, request, nonce, of });
  await record(tools, request.session, outcome);
  await watchOutcome(tools, request, outcome);
  if (secret instanceof ServiceError) throw secret;
  return { kind: 'served', secret };
}

type Outcome = Extract<BrokerFacts, { readonly act: 'served' | 'failed' }>;

async function readOnce(
  { readers, jobs }: BrokerTools,
  { state, request, nonce, of }: Omit<Step, 'journal'> & { readonly nonce: string; readonly of: number },
): Promise<readonly [ReadSecret | ServiceError, Outcome]> {
  const { vault } = request.secret;
  const { repositoryId, runId, jobId, attempt } = state.job;
  const numbers = { instance: jobs.instance, repositoryId, runId, jobId, attempt, taskId: state.taskId };
  const userAgent = formatJobStamp({ ...numbers, nonce, helper: brokerVersion });
  let requestId: string | null = null;
  try {
    const reader = readers.get(vault.toLowerCase());
    if (reader === undefined) throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'no reader' });
    const secret = await reader.read(request.secret, {
      userAgent,
      answered: (id) => {
        requestId = id;
      },
    });
    const { version, at } = secret;
    return [secret, { act: 'served', of, version, requestId: secret.requestId, vaultAt: at.toISOString() }];
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return [error, { act: 'failed', of, code: error.code, requestId }];
  }
}

/** Records the outcome before the value leaves. A concurrent request of the same job only moves it to the next number. */
async function record({ records, now }: BrokerTools, session: string, facts: Outcome): Promise<void> {
  for (;;) {
    try {
      await appendToSession(records, await readSession(records, session), { at: now(), facts });
      return;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }
}

async function watchOutcome({ watch }: BrokerTools, request: ReadRequest, outcome: Outcome): Promise<void> {
  const says = outcome.act === 'served' ? outcome.version : outcome.code;
  await watch({ kind: outcome.act, session: request.session, secret: nameOf(request), says });
}

function asked({ secret, proof }: ReadRequest) {
  const { vault, name, version } = secret;
  return { vault: vault.toLowerCase(), secret: name.toLowerCase(), version, proof: proof.id };
}

function nameOf({ secret }: ReadRequest): string {
  return `${secret.vault}/${secret.name}`.toLowerCase();
}
