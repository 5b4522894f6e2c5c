import { html } from 'hono/html';
import { z } from 'zod';
import { describePerson } from '../../provenance/person.ts';
import type { ListedAccess } from '../web-ports.ts';
import { page, wantsJson } from './design/page.ts';
import { mark, moment, reasonField } from './design/parts.ts';
import { operatorOf, type PortalVisit } from './portal-visit.ts';
import { leadTo, readForm } from './read-form.ts';

/** `GET /access`: every request of a job for a secret that needs a person's word, those that wait first. */
export async function listAccessRequests(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const operator = operatorOf(visit);
  const listed = [...(await ports.accessRequests(operator))].sort(waitingFirst);
  if (wantsJson(request)) return Response.json({ requests: listed });
  const part = (title: string, isOf: (one: ListedAccess) => boolean) => {
    const ones = listed.filter(isOf);
    return ones.length === 0 ? '' : html`<h2>${title}</h2>${ones.map((one) => accessCard(one, operator !== null))}`;
  };
  return await page(
    'Requests for access',
    html`<p class="small"><a href="/rotations">Rotations</a></p><h1>Requests for access</h1>
<p class="lead">A job that asks for one of these secrets waits until a person approves. An approval counts for this run of this commit alone, from the job's next request on, and ends with the job.</p>
${listed.length === 0 ? html`<p class="notice">No job has asked yet.</p>` : ''}${part('Wait for an answer', (one) => one.standing === 'waiting')}${part('Answered, or lapsed', (one) => one.standing !== 'waiting')}`,
    { asking, at: '/rotations' },
  );
}

function waitingFirst(one: ListedAccess, other: ListedAccess): number {
  const rank = ({ standing }: ListedAccess): number => (standing === 'waiting' ? 0 : 1);
  return rank(one) - rank(other) || Date.parse(other.requestedAt) - Date.parse(one.requestedAt);
}

/** One request, with who started the job and wrote its commit, and the forms while it waits. */
export function accessCard(one: ListedAccess, mayAct: boolean) {
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
    ['Asked', moment(requestedAt)],
    [
      'Allows',
      `${String(request.uses)} ${request.uses === 1 ? 'read' : 'reads'} within ${String(Math.round(request.lastsMs / 60_000))} minutes`,
    ],
  ];
  return html`<section class="card" id="${one.grant}-${String(one.number)}"><h3>${request.vault}/${request.secret} ${mark(standing, standing === 'waiting' ? 'warn' : 'plain')}</h3>
<dl class="pairs">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
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
  return html`<form class="ask" method="post" action="/access"><input type="hidden" name="grant" value="${grant}"><input type="hidden" name="says" value="${says}">${more}${reasonField()}<div><button>${button}</button></div></form>`;
}

/** The body of `POST /access`. */
export const accessAnswer = z.strictObject({
  grant: z.string().min(1).max(100),
  says: z.enum(['approve', 'decline']),
  reason: z.string().min(1).max(300),
  breakGlass: z.union([z.boolean(), z.literal('on').transform(() => true)]).default(false),
});

/** `POST /access`: a person's word on one request, from a form of this portal or as JSON. */
export async function answerAccessRequest({ request, asking, ports }: PortalVisit): Promise<Response> {
  const { by, content, isForm } = await readForm(request, asking, accessAnswer);
  await ports.answerAccess({ ...content, by });
  return isForm ? leadTo('/rotations') : Response.json({ grant: content.grant }, { status: 202 });
}
