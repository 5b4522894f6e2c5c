import { html } from 'hono/html';
import { z } from 'zod';
import { describePerson } from '../../provenance/person.ts';
import { ServiceError } from '../../service-error.ts';
import type { Who } from '../caller.ts';
import { refuseOtherSites } from '../own-origin.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { ListedAccess, WebPorts } from '../web-ports.ts';
import { page, wantsJson } from './page.ts';

/** `GET /access`: every request of a job for a secret that needs a person's word, those that wait first. */
export async function listAccessRequests(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  const operator = asking.kind === 'somebody' && asking.roles.includes('operator') ? asking.person : null;
  const listed = [...(await ports.accessRequests(operator))].sort(waitingFirst);
  if (wantsJson(request)) return Response.json({ requests: listed });
  return await page(
    'Access',
    html`<h1>Requests for access</h1>
<p class="lead">A job that asks for one of these secrets waits until a person approves. An approval counts for this run of this commit alone, from the job's next request on, and ends with the job.</p>
${listed.length === 0 ? html`<p>No job has asked yet.</p>` : listed.map((one) => card(one, operator !== null))}`,
    { asking },
  );
}

function waitingFirst(one: ListedAccess, other: ListedAccess): number {
  const rank = ({ standing }: ListedAccess): number => (standing === 'waiting' ? 0 : 1);
  return rank(one) - rank(other) || Date.parse(other.requestedAt) - Date.parse(one.requestedAt);
}

function card(one: ListedAccess, mayAct: boolean) {
  const { request, requestedAt, standing, answer, uses } = one;
  const { job, triggeredBy, author } = request;
  const facts: readonly (readonly [string, string])[] = [
    ['Repository', job.repository],
    ['Workflow', job.workflow ?? 'not known'],
    ['Branch', job.branch ?? 'none'],
    ['Event', job.event],
    ['Commit', job.commit ?? 'not known'],
    ['Started by', triggeredBy?.login ?? 'not known'],
    ['Written by', author?.login ?? 'no account'],
    ['Run', `${String(job.runId)}, job ${String(job.jobId)}, attempt ${String(job.attempt)}`],
    ['Asked', requestedAt.replace('T', ' ').replace(/\..*$/, ' UTC')],
    [
      'Allows',
      `${String(request.uses)} ${request.uses === 1 ? 'read' : 'reads'} within ${String(Math.round(request.lastsMs / 60_000))} minutes`,
    ],
  ];
  return html`<section class="card" id="${one.grant}-${String(one.number)}"><h2>${request.vault}/${request.secret} <span class="mark${standing === 'waiting' ? ' alarm' : ''}">${standing}</span></h2>
<ul class="facts">${facts.map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul>
${answer === null ? '' : html`<p>${answer.says === 'approved' ? 'Approved' : 'Declined'} by ${describePerson(answer.by)}${answer.breakGlass ? ', by break-glass' : ''}: ${answer.reason === '' ? 'no reason is recorded' : answer.reason}. ${uses.length === 0 ? 'Not used.' : `Used ${String(uses.length)} ${uses.length === 1 ? 'time' : 'times'}.`}</p>`}
${standing === 'waiting' && mayAct ? answerForms(one) : ''}</section>`;
}

function answerForms({ grant, refusal }: ListedAccess) {
  return html`${
    refusal === null
      ? form(grant, 'approve', 'Approve', '')
      : html`<p>You cannot approve this: ${refusal}.</p>${form(grant, 'approve', 'Approve by break-glass', html`<input type="hidden" name="breakGlass" value="on">`)}`
  }${form(grant, 'decline', 'Decline', '')}`;
}

function form(grant: string, says: 'approve' | 'decline', button: string, more: unknown) {
  return html`<form class="ask" method="post" action="/access"><input type="hidden" name="grant" value="${grant}"><input type="hidden" name="says" value="${says}">${more}<label>Reason, for the record<input type="text" name="reason" required></label><div><button>${button}</button></div></form>`;
}

const word = z.strictObject({
  grant: z.string().min(1).max(100),
  says: z.enum(['approve', 'decline']),
  reason: z.string().min(1).max(300),
  breakGlass: z.union([z.boolean(), z.literal('on').transform(() => true)]).default(false),
});

/** `POST /access`: a person's word on one request, from a form of this portal or as JSON. */
export async function answerAccessRequest(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  refuseOtherSites(request);
  if (asking.kind !== 'somebody') throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'nobody is signed in' });
  const body = await readBody(request, 16 * 1024);
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  const parsed = word.safeParse(
    isForm ? Object.fromEntries(new URLSearchParams(body.toString('utf8'))) : parseJson(body),
  );
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ServiceError('REQUEST_MALFORMED', {
      place: issue?.path.join('.') ?? 'body',
      reason: issue?.message ?? 'unknown form',
    });
  }
  await ports.answerAccess({ ...parsed.data, by: asking.person });
  if (isForm) return new Response(null, { status: 303, headers: { location: '/access' } });
  return Response.json({ grant: parsed.data.grant }, { status: 202 });
}
