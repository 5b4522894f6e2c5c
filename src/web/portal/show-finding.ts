import { html } from 'hono/html';
import { z } from 'zod';
import type { FindingStep } from '../../audit/model/finding-life.ts';
import { personOnRecord } from '../../provenance/person.ts';
import { page, wantsJson } from './design/page.ts';
import { counted, day, mark, moment, plainTimes, words } from './design/parts.ts';
import { lifeMark, severityTone, stillBeingRead } from './findings-table.ts';
import type { ListedFinding } from '../portal-ports.ts';
import { operatorOf, type PortalVisit } from './portal-visit.ts';
import { leadTo, readForm } from './read-form.ts';
import { showRefusal } from './show-refusal.ts';

/** So many events are open; the others unfold. */
const mostOpen = 8;
const mostEvidence = 200;

/** `GET /findings/{id}`: one exception, its events, and what people decided about it. */
export async function showFinding(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const audited = await ports.audited();
  if (audited === null && wantsJson(request)) return await showRefusal(request, 503, 'The log is still being read.');
  if (audited === null) return await page('Exception', stillBeingRead(), { asking, at: '/findings' });
  const finding = audited.findings.find(({ id }) => id === visit.parameter('id'));
  if (finding === undefined)
    return await showRefusal(
      request,
      404,
      'The last ninety days have no such exception; a report of its period has it.',
    );
  if (wantsJson(request)) return Response.json(finding);
  const { life } = finding;
  return await page(
    plainTimes(finding.description),
    html`<p class="small"><a href="/findings">Exceptions</a></p><h1>${plainTimes(finding.description)}</h1>
<p>${mark(finding.severity, severityTone(finding.severity))} ${lifeMark(finding)}</p>
<dl class="pairs"><dt>Subject</dt><dd>${finding.subject}</dd><dt>Rule</dt><dd>${words(finding.rule)}</dd><dt>Standing</dt><dd>${plainTimes(life.description)}</dd><dt>Events</dt><dd>${finding.count}, first ${moment(finding.firstAt)}, last ${moment(finding.lastAt)}</dd><dt>Owner</dt><dd>${life.owner ?? 'nobody is named'}</dd><dt>Due</dt><dd>${life.due === null ? 'no day is set' : day(life.due)}</dd><dt>Ticket</dt><dd>${life.ticket ?? 'none'}</dd><dt>Response</dt><dd>${life.response ?? 'none yet'}</dd><dt>Id</dt><dd><code>${finding.id}</code></dd></dl>
${operatorOf(visit) === null ? '' : decisionForms(finding)}
<h2>Events</h2>${eventsPart(finding)}
<h2>Decisions</h2>${life.steps.length === 0 ? html`<p>Nobody has decided anything yet.</p>` : html`<ul class="says">${life.steps.map((step) => html`<li>${decisionText(step)}</li>`)}</ul>`}`,
    { asking, at: '/findings' },
  );
}

function eventsPart({ evidence }: ListedFinding) {
  const list = (ids: readonly string[]) =>
    html`<ul class="says">${ids.map((one) => html`<li><code class="small">${one}</code></li>`)}</ul>`;
  const more = evidence.slice(mostOpen, mostEvidence);
  const rest = evidence.length - mostEvidence;
  return html`${list(evidence.slice(0, mostOpen))}${more.length === 0 ? '' : html`<details><summary>${counted(more.length, 'more event')}</summary>${list(more)}</details>`}${rest > 0 ? html`<p class="quiet small">${counted(rest, 'further one')} are in the report.</p>` : ''}`;
}

function decisionText({ kind, by, at, until, text }: FindingStep): string {
  const end = until === null ? '' : ` until ${moment(until)}`;
  return `${moment(at)}: ${kind}${end} by ${personOnRecord(by)}: ${text}`;
}

function decisionForms({ id, life }: ListedFinding) {
  if (life.state === 'fixed') return html`<p class="notice">It has ended; there is nothing to decide.</p>`;
  const action = `/findings/${id}`;
  const assignment = html`<label>Owner<input type="text" name="owner" maxlength="100" value="${life.owner ?? ''}"></label><label>To be corrected by<input type="date" name="due" value="${life.due ?? ''}"></label><label>Ticket<input type="text" name="ticket" maxlength="100" value="${life.ticket ?? ''}"></label>`;
  return html`<section class="card" aria-labelledby="decide"><h2 id="decide">Decide</h2>
<details><summary>Respond and assign</summary><form class="ask" method="post" action="${action}"><input type="hidden" name="kind" value="responded"><label>Response<input type="text" name="text" required maxlength="500"></label>${assignment}<div><button>Record the response</button></div></form></details>
<details><summary>Accept until a day</summary><form class="ask" method="post" action="${action}"><input type="hidden" name="kind" value="accepted"><label>Why the risk is accepted<input type="text" name="text" required maxlength="500"></label><label>Accepted until the end of<input type="date" name="lastDay" required></label><div><button>Accept</button></div></form></details>
${life.state === 'accepted' ? html`<details><summary>Withdraw the acceptance</summary><form class="ask" method="post" action="${action}"><input type="hidden" name="kind" value="withdrawn"><label>Why<input type="text" name="text" required maxlength="500"></label><div><button>Withdraw</button></div></form></details>` : ''}</section>`;
}

const dayText = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'write a day as 2026-12-31');
const text = z.string().min(1).max(500);
const short = z.string().min(1).max(100);
/** The body of `POST /findings/{id}`. */
export const findingDecision = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('responded'),
    text,
    owner: short.optional(),
    due: dayText.optional(),
    ticket: short.optional(),
  }),
  z.strictObject({ kind: z.literal('accepted'), text, lastDay: dayText }),
  z.strictObject({ kind: z.literal('withdrawn'), text }),
]);

/** `POST /findings/{id}`: records a decision in the name of the signed-in person. */
export async function decideFinding({ request, asking, ports, parameter }: PortalVisit): Promise<Response> {
  const { by, content, isForm } = await readForm(request, asking, findingDecision);
  const finding = parameter('id');
  const { owner = null, due = null, ticket = null } = content.kind === 'responded' ? content : {};
  const lastDay = content.kind === 'accepted' ? content.lastDay : null;
  await ports.decideFinding({ finding, by, kind: content.kind, text: content.text, owner, due, ticket, lastDay });
  return isForm ? leadTo(`/findings/${encodeURIComponent(finding)}`) : Response.json({ finding }, { status: 202 });
}
