import type { Placeholder } from '../../provenance/use-exchange.ts';
import type { SecretReference } from '../../secrets/secret-reference.ts';
import type { BrokerTools } from '../broker-tools.ts';
import type { Refusal } from '../decide.ts';
import { inTurn } from '../in-turn.ts';
import { judgeRequest, provenState, type ReadRequest, standingNow } from '../judge-request.ts';
import type { SessionState } from '../journal/session-state.ts';
import { placeholderOf } from './placeholder.ts';

interface PlaceholderRequest {
  readonly session: string;
  readonly proof: ReadRequest['proof'];
  readonly secrets: readonly SecretReference[];
}

type PlaceholderAnswer =
  | { readonly kind: 'given'; readonly placeholders: readonly Placeholder[] }
  | { readonly kind: 'refused'; readonly because: readonly Refusal[]; readonly request: string | null };

/**
 * Gives a job placeholders for secrets that it may use, in the order asked. They open nothing, so none is on record; a secret
 * that the job may not use is refused on record with every reason, as a read is.
 * @throws ServiceError `BROKER_PROOF_REFUSED`, `BROKER_BUSY`, `GITEA_…`
 */
export async function givePlaceholders(tools: BrokerTools, request: PlaceholderRequest): Promise<PlaceholderAnswer> {
  const state = provenState(await tools.sessions.read(request.session), request.proof);
  return await tools.sessions.during(request.session, async () => {
    const standing = await standingNow(tools, state);
    const placeholders: Placeholder[] = [];
    for (const secret of request.secrets) {
      const about = { session: request.session, secret };
      const judgement = await judgeRequest(tools, state, about, { standing, delivery: 'use' });
      if (!judgement.allowed) return await refuse(tools, request, secret, judgement);
      placeholders.push(placeholderFor(tools, request.session, state, secret));
    }
    return { kind: 'given', placeholders };
  });
}

function placeholderFor(
  tools: BrokerTools,
  session: string,
  { key }: SessionState,
  { vault, name }: SecretReference,
): Placeholder {
  const { policy } = tools.policy();
  const secret = `${vault}/${name}`.toLowerCase();
  const { uses = [] } = policy.secrets.get(secret) ?? policy.tracked.get(secret) ?? {};
  const hosts = [...new Set(uses.flatMap((use) => use.hosts))].toSorted();
  return { secret, placeholder: placeholderOf({ session, key }, secret), hosts };
}

async function refuse(
  tools: BrokerTools,
  { session, proof }: PlaceholderRequest,
  { vault, name }: SecretReference,
  { because, request }: { readonly because: readonly Refusal[]; readonly request: string | null },
): Promise<PlaceholderAnswer> {
  const codes = because.map(({ code }) => code);
  const asked = { vault: vault.toLowerCase(), secret: name.toLowerCase(), version: null, proof: proof.id };
  await inTurn(tools.sessions, session, async (journal) => {
    // What a job asks beyond its limit is refused once on record.
    if (provenState(journal, proof).requests > tools.mostRequests) return;
    await tools.sessions.append(journal, { at: tools.now(), facts: { act: 'refused', ...asked, because: codes } });
  });
  await tools.watch({ kind: 'refused', session, secret: `${asked.vault}/${asked.secret}`, says: codes.join(', ') });
  return { kind: 'refused', because, request };
}
