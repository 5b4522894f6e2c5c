import type { UseHead } from '../../provenance/use-exchange.ts';
import type { BrokerTools } from '../broker-tools.ts';
import type { Refusal } from '../decide.ts';
import { inTurn } from '../in-turn.ts';
import type { BrokerFacts } from '../journal/broker-entry.ts';
import type { SessionJournal } from '../journal/session-journal.ts';
import type { SessionState } from '../journal/session-state.ts';
import { askPerson, groundsOf, provenState, type ReadRequest, standingNow } from '../judge-request.ts';
import type { JobStanding } from '../ports/job-facts.ts';
import { decideUse, takesBody, usableSecrets } from './decide-use.ts';
import { heldBody, type RequestBody } from './held-body.ts';
import { makeUse } from './make-use.ts';
import { placeholderOf } from './placeholder.ts';
import type { IntendedReads, UseAnswer, UseIntent } from './use-intent.ts';
import { toUseRequest, type UseRequest } from './use-request.ts';

/** One request that a job wants to be made with a secret which it does not hold. */
export interface UseAsked {
  readonly session: string;
  readonly proof: ReadRequest['proof'];
  readonly head: UseHead;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Makes one request in the place of a job, or refuses it with every reason. The order is: the key, the job at Gitea, the
 * decision, the journal, the approval, the vault, the upstream, and the journal again when the answer has gone to the job or
 * broken off. Values are read for this request alone and kept for no other.
 * @throws ServiceError `REQUEST_MALFORMED`, `BROKER_PROOF_REFUSED`, `BROKER_BUSY`, `BROKER_SECOND_KEY`, `VALUE_NOT_USABLE`,
 * `UPSTREAM_…`, and what Gitea, the vault and the records refuse.
 */
export async function useForJob(tools: BrokerTools, asked: UseAsked): Promise<UseAnswer> {
  const request = toUseRequest(asked.head);
  const state = provenState(await tools.sessions.read(asked.session), asked.proof);
  return await whileStreaming(tools, asked.session, async () => {
    const { uses: requests, ended, job } = state;
    const limits = { ...tools, mostRequests: tools.mostUses };
    const standing = await standingNow(limits, { requests, ended, job });
    const body = await heldBody(asked.body, request.length, takesBody(tools.policy().policy, request));
    const decided = await inTurn(
      tools.sessions,
      asked.session,
      async (journal) => await decideOnce(tools, { journal, asked, request, standing, body }),
    );
    if (decided.kind === 'refused') return { answer: decided, done: Promise.resolve() };
    return await makeUse(tools, { ...decided, session: asked.session, request, body });
  });
}

/** Counts a use as under way until its answer has gone, which is later than it is returned. */
async function whileStreaming(
  { sessions }: BrokerTools,
  session: string,
  act: () => Promise<{ readonly answer: UseAnswer; readonly done: Promise<void> }>,
): Promise<UseAnswer> {
  return await new Promise<UseAnswer>((resolve, reject) => {
    sessions
      .during(session, async () => {
        const { answer, done } = await act();
        resolve(answer);
        await done;
      })
      .catch(reject);
  });
}

interface Step {
  readonly journal: SessionJournal;
  readonly asked: UseAsked;
  readonly request: UseRequest;
  readonly standing: JobStanding;
  readonly body: RequestBody;
}

async function decideOnce(
  tools: BrokerTools,
  step: Step,
): Promise<UseIntent | Extract<UseAnswer, { readonly kind: 'refused' }>> {
  const { asked, request, standing, body } = step;
  let { journal } = step;
  let state = provenState(journal, asked.proof);
  if (standing === 'ended' && state.ended === null) {
    journal = await tools.sessions.append(journal, { at: tools.now(), facts: { act: 'job-ended' } });
    state = provenState(journal, asked.proof);
  }
  const { policy, digest } = tools.policy();
  const decision = decideUse({
    request,
    body: body.whole,
    session: { ...groundsOf(tools, state, standing), requests: state.uses, mostRequests: tools.mostUses },
    placeholders: placeholdersOf(usableSecrets(policy), { session: asked.session, key: state.key }),
    sentBefore: sentTo(request.url.host, journal),
  });
  const seen = { ...step, journal, state };
  if (!decision.allowed) return await refuse(tools, seen, { ...decision, request: null });
  const approved = await approvals(tools, seen, decision);
  if (!('reads' in approved)) return await refuse(tools, seen, approved);
  const common = { proof: asked.proof.id, method: request.method, host: request.url.host };
  const facts = { act: 'use-asked', ...common, path: decision.path, policy: digest, reads: approved.reads } as const;
  const { entries } = await tools.sessions.append(journal, { at: tools.now(), facts });
  return { kind: 'asked', state, decision, reads: approved.reads, of: entries.length };
}

function placeholdersOf(
  secrets: readonly string[],
  session: { readonly session: string; readonly key: string },
): ReadonlyMap<string, string> {
  return new Map(secrets.map((secret) => [placeholderOf(session, secret), secret]));
}

/** The secrets that this session has sent to a host. One whose answer was lost may have arrived. */
function sentTo(host: string, { entries }: SessionJournal): readonly string[] {
  const sent = entries.flatMap(({ facts }) =>
    facts.act === 'use-asked' && facts.host === host
      ? facts.reads.flatMap(({ vault, secret, put }) => (put ? [`${vault}/${secret}`] : []))
      : [],
  );
  return [...new Set(sent)];
}

interface Seen extends Step {
  readonly state: SessionState;
}

interface Refused {
  readonly because: readonly Refusal[];
  readonly secrets: readonly string[];
  readonly request: string | null;
}

/** Asks a person for each value that is put into the request, where the policy wants it. */
async function approvals(
  tools: BrokerTools,
  { asked: { session }, state: { job } }: Seen,
  { needs }: UseIntent['decision'],
): Promise<{ readonly reads: IntendedReads } | Refused> {
  const reads: IntendedReads = [];
  for (const { vault, name, namespace, access, put } of needs) {
    let grant: string | null = null;
    // What is only searched for goes nowhere.
    if (put && access !== null) {
      const judgement = await askPerson(tools, {
        session,
        job,
        secret: { vault, name, version: null },
        namespace,
        access,
      });
      if (!judgement.allowed) return { ...judgement, secrets: [`${vault}/${name}`] };
      ({ grant } = judgement);
    }
    reads.push({ vault, secret: name, nonce: tools.nonce(), namespace, grant, put });
  }
  return { reads };
}

/** Records a refusal. What a job asks beyond its limit is refused once on record, so that one job cannot fill the archive. */
async function refuse(
  { sessions, now, watch, mostUses }: BrokerTools,
  { journal, state, asked, request: { method, url } }: Seen,
  { because, secrets, request }: Refused,
): Promise<Extract<UseAnswer, { readonly kind: 'refused' }>> {
  const answer = { kind: 'refused', because, request } as const;
  if (state.uses > mostUses) return answer;
  const codes = because.map(({ code }) => code);
  const common = { proof: asked.proof.id, method, host: url.host };
  const facts: BrokerFacts = { act: 'use-refused', ...common, secrets: [...secrets], because: codes };
  await sessions.append(journal, { at: now(), facts });
  await watch({ kind: 'use-refused', session: asked.session, host: url.host, says: codes.join(', ') });
  return answer;
}
