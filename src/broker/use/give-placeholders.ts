import type { JailGrade, Placeholder } from '../../provenance/use-exchange.ts';
import type { SecretReference } from '../../secrets/secret-reference.ts';
import type { BrokerTools } from '../broker-tools.ts';
import type { Refusal } from '../decide.ts';
import { inTurn } from '../in-turn.ts';
import { judgeRequest, provenState, type ReadRequest, standingNow } from '../judge-request.ts';
import type { BrokerFacts } from '../journal/broker-entry.ts';
import type { SessionJournal } from '../journal/session-journal.ts';
import type { JobStanding } from '../ports/job-facts.ts';
import { placeholderOf } from './placeholder.ts';

interface PlaceholderRequest {
  readonly session: string;
  readonly proof: ReadRequest['proof'];
  readonly secrets: readonly SecretReference[];
  /** How the command is kept from everything but the broker, by the helper's own word. */
  readonly jail: JailGrade;
}

type Given = { readonly kind: 'given'; readonly placeholders: readonly Placeholder[] };
type Refused = { readonly kind: 'refused'; readonly because: readonly Refusal[]; readonly request: string | null };

/**
 * Gives a job placeholders for secrets that it may use, in the order asked. They open nothing; who has one asks for each use
 * with the key of the session. A secret that the job may not use is refused on record with every reason, as a read is.
 * @throws ServiceError `BROKER_PROOF_REFUSED`, `BROKER_BUSY`, `GITEA_…`
 */
export async function givePlaceholders(tools: BrokerTools, request: PlaceholderRequest): Promise<Given | Refused> {
  const { session, proof } = request;
  const state = provenState(await tools.sessions.read(session), proof);
  return await tools.sessions.during(session, async () => {
    const standing = await standingNow(tools, state);
    return await inTurn(
      tools.sessions,
      session,
      async (journal) => await decideOnce(tools, { journal, request, standing }),
    );
  });
}

interface Step {
  readonly journal: SessionJournal;
  readonly request: PlaceholderRequest;
  readonly standing: JobStanding;
}

async function decideOnce(tools: BrokerTools, { journal: seen, request, standing }: Step): Promise<Given | Refused> {
  const { session, proof, secrets, jail } = request;
  let journal = seen;
  if (standing === 'ended' && provenState(journal, proof).ended === null)
    journal = await tools.sessions.append(journal, { at: tools.now(), facts: { act: 'job-ended' } });
  const state = provenState(journal, proof);
  for (const secret of secrets) {
    const judgement = await judgeRequest(tools, state, { session, secret }, { standing, delivery: 'use' });
    if (!judgement.allowed) return await refuse(tools, { ...judgement, journal, secret, asked: request });
  }
  const names = secrets.map(({ vault, name }) => `${vault}/${name}`.toLowerCase());
  const facts = { act: 'placeholders', proof: proof.id, secrets: names, jail } as const;
  await tools.sessions.append(journal, { at: tools.now(), facts });
  return { kind: 'given', placeholders: names.map((name) => placeholderFor(tools, { session, key: state.key }, name)) };
}

function placeholderFor(tools: BrokerTools, session: Parameters<typeof placeholderOf>[0], secret: string): Placeholder {
  const { policy } = tools.policy();
  const { uses = [] } = policy.secrets.get(secret) ?? policy.tracked.get(secret) ?? {};
  const hosts = uses.flatMap(({ hosts: names, port }) =>
    names.map((name) => (port === 443 ? name : `${name}:${String(port)}`)),
  );
  return { secret, placeholder: placeholderOf(session, secret), hosts: [...new Set(hosts)].toSorted() };
}

interface Refusing extends Omit<Refused, 'kind'> {
  readonly journal: SessionJournal;
  readonly asked: PlaceholderRequest;
  readonly secret: SecretReference;
}

async function refuse(
  tools: BrokerTools,
  { journal, asked: { session, proof }, secret: { vault, name }, because, request }: Refusing,
): Promise<Refused> {
  const answer = { kind: 'refused', because, request } as const;
  // What a job asks beyond its limit is refused once on record.
  if ((journal.state?.requests ?? 0) > tools.mostRequests) return answer;
  const codes = because.map(({ code }) => code);
  const place = { vault: vault.toLowerCase(), secret: name.toLowerCase(), version: null };
  const facts: BrokerFacts = { act: 'refused', ...place, proof: proof.id, because: codes };
  await tools.sessions.append(journal, { at: tools.now(), facts });
  await tools.watch({ kind: 'refused', session, secret: `${place.vault}/${place.secret}`, says: codes.join(', ') });
  return answer;
}
