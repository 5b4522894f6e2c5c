import { ServiceError } from '../service-error.ts';
import type { BrokerTools } from './broker-tools.ts';
import type { Refusal } from './decide.ts';
import type { BrokerFacts } from './journal/broker-entry.ts';
import type { SessionJournal } from './journal/session-journal.ts';
import type { SessionState } from './journal/session-state.ts';
import { inTurn } from './in-turn.ts';
import {
  type Judgement,
  judgeRequest,
  provenState,
  type ReadRequest,
  standingNow,
  waitingReason,
} from './judge-request.ts';
import type { JobStanding } from './ports/job-facts.ts';
import type { ReadSecret } from './ports/secret-reader.ts';
import { readStamped } from './read-stamped.ts';

export type ReadAnswer =
  | { readonly kind: 'served'; readonly secret: ReadSecret }
  | {
      readonly kind: 'refused';
      readonly because: readonly Refusal[];
      /** The request for access that a person must answer, if that is what is missing. */
      readonly request: string | null;
    };

/**
 * Reads one value for a job, or refuses with every reason. The order is: the key, the job at Gitea, the decision, the journal,
 * the vault, the journal. If the process dies after the first entry, the row of the vault's log is still known by its nonce.
 * A request whose proof was used before is refused, so that nobody can repeat a recorded request. A value whose session was
 * ended by a second key while the vault was read stays here.
 * @throws ServiceError `BROKER_PROOF_REFUSED`, `BROKER_BUSY`, `GITEA_UNREACHABLE`, and what the vault refuses.
 */
export async function readForJob(tools: BrokerTools, request: ReadRequest): Promise<ReadAnswer> {
  const state = provenState(await tools.sessions.read(request.session), request.proof);
  // Counted after the proof: nobody else can use up what a job may have under way.
  return await tools.sessions.during(request.session, async () => {
    const asked = await decideInTurn(tools, request, await standingNow(tools, state));
    return asked.kind === 'asked' ? await serve(tools, request, asked) : asked;
  });
}

/** A read that was allowed and is on record, and not yet made. */
interface Asked {
  readonly kind: 'asked';
  readonly state: SessionState;
  readonly nonce: string;
  /** The number of its entry. */
  readonly of: number;
  readonly grant: string | null;
}

type Decided = Asked | Extract<ReadAnswer, { readonly kind: 'refused' }>;

/** Decides and records, as if this were the session's only request: who was slower looks again and decides again. */
async function decideInTurn(tools: BrokerTools, request: ReadRequest, standing: JobStanding): Promise<Decided> {
  return await inTurn(
    tools.sessions,
    request.session,
    async (journal) => await decideOnce(tools, { journal, request, standing }),
  );
}

interface Step {
  readonly journal: SessionJournal;
  readonly request: ReadRequest;
  readonly standing: JobStanding;
}

async function decideOnce(tools: BrokerTools, { journal: seen, request, standing }: Step): Promise<Decided> {
  let journal = seen;
  let state = provenState(journal, request.proof);
  if (standing === 'ended' && state.ended === null) {
    journal = await tools.sessions.append(journal, { at: tools.now(), facts: { act: 'job-ended' } });
    state = provenState(journal, request.proof);
  }
  const judgement = await judgeRequest(tools, state, request, { standing, delivery: 'value' });
  if (!judgement.allowed) return await refuse(tools, { journal, state, request, judgement });
  const { namespace, grant } = judgement;
  const nonce = tools.nonce();
  const policy = tools.policy().digest;
  const facts = { act: 'asked', ...askedFor(request), nonce, namespace, policy, grant } as const;
  const { entries } = await tools.sessions.append(journal, { at: tools.now(), facts });
  return { kind: 'asked', state, nonce, of: entries.length, grant };
}

interface Refusing {
  readonly journal: SessionJournal;
  readonly state: SessionState;
  readonly request: ReadRequest;
  readonly judgement: Extract<Judgement, { readonly allowed: false }>;
}

/** Records a refusal. What a job asks beyond its limit is refused once on record, so that one job cannot fill the archive. */
async function refuse(
  { sessions, now, watch, mostRequests }: BrokerTools,
  { journal, state, request, judgement }: Refusing,
): Promise<Extract<ReadAnswer, { readonly kind: 'refused' }>> {
  const answer = { kind: 'refused', because: judgement.because, request: judgement.request } as const;
  if (state.requests > mostRequests) return answer;
  const codes = judgement.because.map(({ code }) => code);
  await sessions.append(journal, { at: now(), facts: { act: 'refused', ...askedFor(request), because: codes } });
  await watch({ kind: 'refused', session: request.session, secret: nameOf(request), says: codes.join(', ') });
  return answer;
}

/** Makes the one read that was recorded, and records how it ended before the value leaves. */
async function serve(tools: BrokerTools, request: ReadRequest, intent: Asked): Promise<ReadAnswer> {
  const { of, grant } = intent;
  // Spent before the read: if the process dies here, an approval is lost and no value is.
  if (grant !== null && !(await tools.access.spend(grant, `broker/${request.session}#${String(of)}`))) {
    await record(tools, request.session, { act: 'failed', of, code: 'ACCESS_NOT_APPROVED', requestId: null });
    return { kind: 'refused', because: [waitingReason('waiting', [])], request: grant };
  }
  const [secret, outcome] = await readOnce(tools, request, intent);
  const { state } = await record(tools, request.session, outcome);
  const says = outcome.act === 'served' ? outcome.version : outcome.code;
  await tools.watch({ kind: outcome.act, session: request.session, secret: nameOf(request), says });
  if (secret instanceof ServiceError) throw secret;
  if (state?.ended === 'second-key') throw new ServiceError('BROKER_SECOND_KEY', { session: request.session });
  return { kind: 'served', secret };
}

type Outcome = Extract<BrokerFacts, { readonly act: 'served' | 'failed' }>;

async function readOnce(
  tools: BrokerTools,
  { secret: wanted }: ReadRequest,
  { state, nonce, of }: Asked,
): Promise<readonly [ReadSecret | ServiceError, Outcome]> {
  let requestId: string | null = null;
  try {
    const secret = await readStamped(tools, {
      secret: wanted,
      state,
      nonce,
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

/** Records the outcome. Another request of the same job only moves it to the next number. */
async function record({ sessions, now }: BrokerTools, session: string, facts: Outcome): Promise<SessionJournal> {
  return await inTurn(sessions, session, async (journal) => await sessions.append(journal, { at: now(), facts }));
}

function askedFor({ secret, proof }: ReadRequest) {
  const { vault, name, version } = secret;
  return { vault: vault.toLowerCase(), secret: name.toLowerCase(), version, proof: proof.id };
}

function nameOf({ secret }: ReadRequest): string {
  return `${secret.vault}/${secret.name}`.toLowerCase();
}
