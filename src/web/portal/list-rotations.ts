import { html } from 'hono/html';
import { z } from 'zod';
import { ServiceError, sentenceOf } from '../../service-error.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { ListedRotation, WebPorts } from '../web-ports.ts';
import type { Who } from '../who.ts';
import { page, wantsJson } from './page.ts';

/** `GET /rotations`: every rotation, newest first; operators find what waits for a second person. */
export async function listRotations(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  const rotations = [...(await ports.rotations())].sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
  if (wantsJson(request)) return Response.json({ rotations });
  const operator = asking.kind === 'somebody' && asking.roles.includes('operator');
  return await page(
    'Rotations',
    html`<h1>Rotations</h1>
<p class="lead">Each line is one rotation from its journal: when it began, where it stands, and whether the old value is dead.</p>
${rotations.length === 0 ? html`<p>Nothing has been rotated yet. Keyturn observes until a secret is bound in <code>keyturn.policy.yml</code>.</p>` : table(rotations, operator)}
${operator ? askForm() : ''}`,
  );
}

function table(rotations: readonly ListedRotation[], operator: boolean) {
  return html`<div class="scroll"><table><thead><tr><th scope="col">Secret</th><th scope="col">State</th><th scope="col">Began</th><th scope="col">Published</th><th scope="col">Old value</th><th scope="col">Id</th></tr></thead>
<tbody>${rotations.map(
    (one) =>
      html`<tr><td>${one.vault}/${one.secret}</td><td>${words(one.state)}${one.failure === null ? '' : failureOf(one.failure)}${operator && one.awaits !== null ? approveForm(one) : ''}${operator && one.state === 'grace' ? rollBackForm(one) : ''}</td><td>${moment(one.claimedAt)}</td><td>${one.publishedAt === null ? 'not yet' : moment(one.publishedAt)}</td><td>${words(one.oldValue)}</td><td><code>${one.rotationId}</code></td></tr>`,
  )}</tbody></table></div>`;
}

/** `needs-attention` → `needs attention`. */
function words(code: string): string {
  return code.replaceAll('-', ' ');
}

/** What went wrong in words, and the code by which the documentation knows it. */
function failureOf(code: string) {
  return html`<br><span class="alarm">${sentenceOf(code) ?? ''}</span> <code>${code}</code>`;
}

function askForm() {
  return html`<h2>Ask for a rotation</h2><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><label>Secret (vault/name)<input type="text" name="secret" required></label><label>Reason, for the record<input type="text" name="reason" required></label><div><button>Rotate</button></div></form>`;
}

/** While the grace lasts the old value works still, and can be published again. */
function rollBackForm({ rotationId }: ListedRotation) {
  return html`<details><summary>Roll back</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="roll-back"><input type="hidden" name="rotationId" value="${rotationId}"><label>Reason, for the record<input type="text" name="reason" required></label><button>Publish the old value again</button></form></details>`;
}

function approveForm({ rotationId, awaits }: ListedRotation) {
  return html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="approve"><input type="hidden" name="rotationId" value="${rotationId}"><label>Reason, for the record<input type="text" name="reason" required></label><button>Approve: ${awaits}</button></form>`;
}

function moment(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

const flag = z.union([z.boolean(), z.literal('on').transform(() => true)]).default(false);
const text = z.string().min(1).max(300);
const command = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('request'), secret: text, reason: text, emergency: flag }),
  z.strictObject({ action: z.literal('approve'), rotationId: text, reason: text, breakGlass: flag }),
  z.strictObject({ action: z.literal('roll-back'), rotationId: text, reason: text }),
]);

/**
 * `POST /rotations`: asks for a rotation, approves a step or rolls a rotation back, in the name of who is signed in, from a form of this
 * portal or as JSON. A request whose Origin is another site is refused: a session cookie must not be borrowed.
 */
export async function answerRotationRequest(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  if (!isOwnOrigin(request))
    throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'the request comes from another site' });
  const by = asking.kind === 'somebody' ? asking.name : 'nobody';
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
  const rotationId = data.action === 'request' ? await ports.requestRotation({ ...data, by }) : data.rotationId;
  if (isForm) return new Response(null, { status: 303, headers: { location: '/rotations' } });
  return Response.json({ rotationId }, { status: 202 });
}

/** Browsers send Origin with every POST; a program that sends none carries no borrowed cookie. */
function isOwnOrigin(request: Request): boolean {
  const origin = request.headers.get('origin');
  if (origin === null) return request.headers.get('sec-fetch-site') === null;
  return URL.parse(origin)?.host === (request.headers.get('host') ?? new URL(request.url).host);
}
