import { html } from 'hono/html';
import { z } from 'zod';
import { compareText } from '../../provenance/compare-text.ts';
import { ServiceError } from '../../service-error.ts';
import { accessCard } from './access-requests.ts';
import { page, wantsJson } from './design/page.ts';
import { choice, pageLinks, pageOf, reasonField, words } from './design/parts.ts';
import type { ListedRotation, AuditedSpan } from '../portal-ports.ts';
import { operatorOf, type PortalVisit } from './portal-visit.ts';
import { leadTo, readForm } from './read-form.ts';
import { type LastRead, rotationCard, rotationTable } from './rotation-card.ts';

const waitingStates = new Set<ListedRotation['state']>(['needs-attention']);

/** `GET /rotations`: an inbox of what waits for a person, then every rotation, newest first, to search. */
export async function listRotations(visit: PortalVisit): Promise<Response> {
  const { request, query, asking, ports } = visit;
  const operator = operatorOf(visit);
  const all = await ports.rotations();
  const waiting = all.filter(isWaiting).sort(waitingFirst);
  const rest = all.filter((one) => !isWaiting(one));
  if (wantsJson(request)) return Response.json({ rotations: [...waiting, ...rest] });
  const [audited, requests] = await Promise.all([ports.audited(), ports.accessRequests(operator)]);
  const asked = requests.filter(({ standing }) => standing === 'waiting');
  const found = search(rest, query);
  return await page(
    'Rotations',
    html`<h1>Rotations</h1>
<p class="lead">What waits for a person, and every rotation from its journal.</p>
<h2 id="waiting">Waits for a person</h2>
${waiting.length + asked.length === 0 ? html`<p class="notice">Nothing waits.</p>` : ''}
${waiting.map((one) => rotationCard(one, operator, lastReadIn(audited)))}
${asked.map((one) => accessCard(one, operator !== null))}
<p class="small"><a href="/access">All requests of jobs for access</a></p>
<h2 id="all">All rotations</h2>
${all.length === 0 ? noRotation(ports.boundSecrets()) : html`${filterForm(query, rest)}${found.length === 0 ? html`<p class="notice">No other rotation matches.</p>` : html`${rotationTable(pageOf(found, query), operator)}${pageLinks('/rotations', query, found.length)}`}`}
${operator === null ? '' : askForm()}`,
    { asking, at: '/rotations' },
  );
}

function isWaiting({ awaits, state }: ListedRotation): boolean {
  return awaits !== null || waitingStates.has(state);
}

function lastReadIn(audited: AuditedSpan | null): LastRead {
  return (vault, secret) =>
    audited === null ? undefined : (audited.reads.find((one) => one.vault === vault && one.secret === secret) ?? null);
}

/** Keeps the rotations that the address asks for, in their order. */
function search(rotations: readonly ListedRotation[], query: URLSearchParams): readonly ListedRotation[] {
  const text = query.get('q')?.trim().toLowerCase() ?? '';
  const wanted = query.get('state') ?? '';
  if (text === '' && wanted === '') return rotations;
  return rotations.filter(
    ({ rotationId, vault, secret, state }) =>
      (wanted === '' || state === wanted) && (text === '' || `${vault}/${secret} ${rotationId}`.includes(text)),
  );
}

function filterForm(query: URLSearchParams, rotations: readonly ListedRotation[]) {
  const states = [...new Set(rotations.map(({ state }) => state))].sort(compareText);
  return html`<form class="filter" method="get" action="/rotations" role="search"><label>Search<input type="search" name="q" value="${query.get('q') ?? ''}"></label>${choice(
    { name: 'state', label: 'State', chosen: query.get('state') ?? '' },
    states.map((one) => [one, words(one)] as const),
  )}<div><button>Show</button> <a class="small" href="/rotations">Clear</a></div></form>`;
}

function noRotation(bound: number) {
  if (bound === 0)
    return html`<p>No rotation has run yet. Keyturn only observes until <code>keyturn.policy.yml</code> binds a secret.</p>`;
  const secrets = bound === 1 ? '1 secret, which has' : `${String(bound)} secrets, of which none has`;
  return html`<p>No rotation has run yet. The policy binds ${secrets}${bound === 1 ? ' not' : ''} been due so far.</p>`;
}

/** What waits for a person must not be looked for among what is done; the page of a year has hundreds of rows. */
function waitingFirst(one: ListedRotation, other: ListedRotation): number {
  const rank = ({ awaits, state }: ListedRotation): number => {
    if (awaits !== null) return 0;
    return state === 'needs-attention' ? 1 : 2;
  };
  return rank(one) - rank(other) || compareText(other.claimedAt, one.claimedAt);
}

function askForm() {
  return html`<h2>Request a rotation</h2><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><label>Secret (vault/name)<input type="text" name="secret" required></label>${reasonField()}<label class="tick"><input type="checkbox" name="emergency"> Emergency: the value has leaked. No minimum age, no grace</label><div><button>Rotate</button></div></form>`;
}

const flag = z.union([z.boolean(), z.literal('on').transform(() => true)]).default(false);
const text = z.string().min(1).max(300);
/** The body of `POST /rotations`. */
export const rotationCommand = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('request'), secret: text, reason: text, emergency: flag }),
  z.strictObject({ action: z.literal('approve'), rotationId: text, reason: text, breakGlass: flag }),
  z.strictObject({ action: z.literal('decline'), rotationId: text, reason: text }),
  z.strictObject({ action: z.literal('roll-back'), rotationId: text, reason: text }),
  z.strictObject({ action: z.literal('go'), secret: text.optional(), environment: text.optional(), reason: text }),
]);

/** `POST /rotations`: requests a rotation, approves or declines a step, gives a go or rolls a rotation back, in the name of the signed-in person. */
export async function answerRotationRequest({ request, asking, ports }: PortalVisit): Promise<Response> {
  const { by, content, isForm } = await readForm(request, asking, rotationCommand);
  const isToken = asking.kind === 'somebody' && asking.scopes !== null;
  if (isToken && content.action !== 'request' && content.action !== 'roll-back')
    throw new ServiceError('API_TOKEN_NEEDS_SCOPE', { scope: null });
  if (content.action === 'approve') await ports.approveRotation({ ...content, by });
  if (content.action === 'decline') await ports.declineRotation({ ...content, by });
  if (content.action === 'roll-back') await ports.rollBackRotation({ ...content, by });
  if (content.action === 'go') {
    const given = await ports.giveGo({ for: goFor(content), by, reason: content.reason });
    return isForm ? leadTo('/rotations') : Response.json({ given }, { status: 202 });
  }
  const rotationId =
    content.action === 'request' ? await ports.requestRotation({ ...content, by }) : content.rotationId;
  return isForm ? leadTo('/rotations') : Response.json({ rotationId }, { status: 202 });
}

/** What a go is for: one secret, or every first rotation that waits in an environment. */
function goFor({ secret, environment }: { secret?: string | undefined; environment?: string | undefined }) {
  if (secret !== undefined && environment === undefined) return { secret };
  if (environment !== undefined && secret === undefined) return { environment };
  throw new ServiceError('REQUEST_MALFORMED', { place: 'secret', reason: 'name a secret, or an environment' });
}
