import { html } from 'hono/html';
import { z } from 'zod';
import { compareText } from '../../provenance/compare-text.ts';
import { ServiceError } from '../../service-error.ts';
import { refuseOtherSites } from '../own-origin.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { ListedRotation, WebPorts } from '../web-ports.ts';
import type { Who } from '../caller.ts';
import { page, wantsJson } from './page.ts';
import { rotationTable } from './rotation-table.ts';

/** `GET /rotations`: every rotation, those that wait for a person first, then the newest. */
export async function listRotations(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  const rotations = [...(await ports.rotations())].sort(waitingFirst);
  if (wantsJson(request)) return Response.json({ rotations });
  const operator = asking.kind === 'somebody' && asking.roles.includes('operator') ? asking.person : null;
  return await page(
    'Rotations',
    html`<h1>Rotations</h1>
<p class="lead">One row per rotation, from its journal: when it started, its state, and the outcome for the old value.</p>
${rotations.length === 0 ? noRotation(ports.boundSecrets()) : rotationTable(rotations, operator)}
${operator === null ? '' : askForm()}`,
    { asking },
  );
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
  return html`<h2>Request a rotation</h2><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><label>Secret (vault/name)<input type="text" name="secret" required></label><label>Reason, for the record<input type="text" name="reason" required></label><label class="tick"><input type="checkbox" name="emergency"> Emergency: the value has leaked. No minimum age, no grace</label><div><button>Rotate</button></div></form>`;
}

const flag = z.union([z.boolean(), z.literal('on').transform(() => true)]).default(false);
const text = z.string().min(1).max(300);
const command = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('request'), secret: text, reason: text, emergency: flag }),
  z.strictObject({ action: z.literal('approve'), rotationId: text, reason: text, breakGlass: flag }),
  z.strictObject({ action: z.literal('roll-back'), rotationId: text, reason: text }),
  z.strictObject({ action: z.literal('go'), secret: text.optional(), environment: text.optional(), reason: text }),
]);

/**
 * `POST /rotations`: requests a rotation, approves a step or rolls a rotation back, in the name of the signed-in
 * person, from a form of this portal or as JSON. A request whose Origin is another site is refused: so that another
 * site cannot use a session cookie.
 */
export async function answerRotationRequest(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  refuseOtherSites(request);
  if (asking.kind !== 'somebody') throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'nobody is signed in' });
  const by = asking.person;
  const body = await readBody(request, 16 * 1024);
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  const parsed = command.safeParse(
    isForm ? Object.fromEntries(new URLSearchParams(body.toString('utf8'))) : parseJson(body),
  );
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ServiceError('REQUEST_MALFORMED', {
      place: issue?.path.join('.') ?? 'body',
      reason: issue?.message ?? 'unknown form',
    });
  }
  const { data } = parsed;
  if (data.action === 'approve') await ports.approveRotation({ ...data, by });
  if (data.action === 'roll-back') await ports.rollBackRotation({ ...data, by });
  if (data.action === 'go') {
    const given = await ports.giveGo({ for: goFor(data), by, reason: data.reason });
    return isForm ? backToList() : Response.json({ given }, { status: 202 });
  }
  const rotationId = data.action === 'request' ? await ports.requestRotation({ ...data, by }) : data.rotationId;
  if (isForm) return backToList();
  return Response.json({ rotationId }, { status: 202 });
}

/** What a go is for: one secret, or every first rotation that waits in an environment. */
function goFor({ secret, environment }: { secret?: string | undefined; environment?: string | undefined }) {
  if (secret !== undefined && environment === undefined) return { secret };
  if (environment !== undefined && secret === undefined) return { environment };
  throw new ServiceError('REQUEST_MALFORMED', { place: 'secret', reason: 'name a secret, or an environment' });
}

function backToList(): Response {
  return new Response(null, { status: 303, headers: { location: '/rotations' } });
}
