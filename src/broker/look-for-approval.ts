import { ServiceError } from '../service-error.ts';
import type { BrokerTools } from './broker-tools.ts';
import type { Refusal } from './decide.ts';
import { judgeRequest, provenState, type ReadRequest, standingNow } from './judge-request.ts';

export type LookAnswer =
  | { readonly kind: 'approved' }
  | { readonly kind: 'refused'; readonly because: readonly Refusal[]; readonly request: string | null };

/**
 * Says whether a person has approved a read that this session asked for and was refused. Gives no value and is not recorded,
 * so a job can ask as long as it waits, and whoever repeats a recorded request of this kind gets nothing by it: the read
 * itself needs a request of its own, which counts once.
 * @throws ServiceError `BROKER_PROOF_REFUSED`, `BROKER_BUSY`, `GITEA_…`
 */
export async function lookForApproval(tools: BrokerTools, request: ReadRequest): Promise<LookAnswer> {
  const journal = await tools.sessions.read(request.session);
  const state = provenState(journal, request.proof);
  const isWaiting = journal.entries.some(
    ({ facts }) =>
      facts.act === 'refused' &&
      facts.because.includes('approval-needed') &&
      facts.vault === request.secret.vault.toLowerCase() &&
      facts.secret === request.secret.name.toLowerCase(),
  );
  // Every other refusal is on record: nobody may try what the policy says without leaving a trace.
  if (!isWaiting) throw new ServiceError('BROKER_PROOF_REFUSED', { reason: 'no read of it waits for a person' });
  return await tools.sessions.during(request.session, async () => {
    const standing = await standingNow(tools, state);
    const asked = await judgeRequest(tools, state, request, { standing, delivery: 'value' });
    // A secret that is only used was asked for by a request for its placeholder.
    const isOnlyUsed = !asked.allowed && asked.because.some(({ code }) => code === 'use-only');
    const judgement = isOnlyUsed ? await judgeRequest(tools, state, request, { standing, delivery: 'use' }) : asked;
    if (judgement.allowed) return { kind: 'approved' };
    return { kind: 'refused', because: judgement.because, request: judgement.request };
  });
}
