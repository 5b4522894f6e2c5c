import { html } from 'hono/html';
import { page, wantsJson } from './design/page.ts';
import { counted, day, mark, moment, plainTimes, secretAddress, type Tone } from './design/parts.ts';
import { severityTone, stillBeingRead } from './findings-table.ts';
import type { ListedRotation, AuditedSpan, ListedFinding, SourceHealth, Upcoming } from '../portal-ports.ts';
import type { ListedAccess } from '../web-ports.ts';
import { operatorOf, type PortalVisit } from './portal-visit.ts';

/** How far the overview looks ahead, in days. */
const aheadDays = 28;
const mostUpcoming = 20;
const mostFindings = 6;

/** `GET /`: what needs the reader, what happens next, and how each source is. An auditor sees exceptions and packs alone. */
export async function showOverview(visit: PortalVisit): Promise<Response> {
  const { asking } = visit;
  const isToken = asking.kind === 'somebody' && asking.scopes !== null;
  return operatorOf(visit) === null && !isToken ? await forAuditor(visit) : await forOperator(visit);
}

async function forAuditor({ request, asking, ports }: PortalVisit): Promise<Response> {
  const [audited, packs] = await Promise.all([ports.audited(), ports.packs()]);
  const open = openOf(audited);
  if (wantsJson(request)) return Response.json({ openFindings: open.length, packs: packs.length });
  return await page(
    'Overview',
    html`<h1>Overview</h1><p class="lead">Sealed packs of evidence, and the exceptions that are open now.</p>
<ul class="figures">${figure('/reports', packs.length, 'sealed packs')}${figure('/findings?state=open', open.length, 'open exceptions', open.length > 0 ? 'warn' : 'plain')}</ul>
${findingsPart(audited, open)}`,
    { asking, at: '/' },
  );
}

async function forOperator(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const [rotations, requests, audited, upcoming, sources] = await Promise.all([
    ports.rotations(),
    ports.accessRequests(operatorOf(visit)),
    ports.audited(),
    ports.upcoming(aheadDays),
    ports.sources(),
  ]);
  const approvals = rotations.filter(({ awaits }) => awaits === 'publish' || awaits === 'revoke');
  const gos = rotations.filter(({ awaits }) => awaits === 'go');
  const calls = rotations.filter(({ state, awaits }) => state === 'needs-attention' && awaits === null);
  const access = requests.filter(({ standing }) => standing === 'waiting');
  const open = openOf(audited);
  const gaps = audited?.gaps.length ?? 0;
  const needs = {
    approvals: approvals.length,
    access: access.length,
    gos: gos.length,
    calls: calls.length,
    openFindings: open.length,
    gaps,
  };
  if (wantsJson(request)) return Response.json({ needs, upcoming, sources });
  return await page(
    'Overview',
    html`<h1>Overview</h1><p class="lead">What needs you, what happens next, and whether the evidence is whole.</p>
<ul class="figures">${figure('/rotations#waiting', approvals.length, 'approvals waiting', tone(approvals, 'warn'))}${figure('/access', access.length, access.length === 1 ? 'job asks for a secret' : 'jobs ask for a secret', tone(access, 'warn'))}${figure('/rotations#waiting', gos.length, 'first rotations to let go', tone(gos, 'warn'))}${figure('/rotations#waiting', calls.length, 'calls for a person', tone(calls, 'alarm'))}${figure('/findings?state=open', open.length, 'open exceptions', tone(open, 'warn'))}${figure('/findings#gaps', gaps, gaps === 1 ? 'hour without evidence' : 'hours without evidence', gaps > 0 ? 'warn' : 'plain')}</ul>
${waitingPart(access, [...approvals, ...calls, ...gos])}
<div class="columns">
<section class="card" aria-labelledby="next"><h2 id="next">What happens next</h2>${upcomingPart(upcoming)}</section>
<section class="card" aria-labelledby="sources"><h2 id="sources">Sources of evidence</h2><ul class="plain says">${sources.map(sourceLine)}</ul><p class="small"><a href="/setup">Check the whole set-up</a></p></section>
</div>
${findingsPart(audited, open)}`,
    { asking, at: '/' },
  );
}

function openOf(audited: AuditedSpan | null): readonly ListedFinding[] {
  return (audited?.findings ?? []).filter(({ life }) => life.state === 'open' || life.state === 'recurred');
}

function tone(list: readonly unknown[], other: Tone): Tone {
  return list.length > 0 ? other : 'plain';
}

function figure(path: string, count: number, label: string, colour: Tone = 'plain') {
  return html`<li class="${colour}"><a href="${path}"><b>${count}</b>${label}</a></li>`;
}

const asks = {
  publish: 'waits for approval to publish',
  revoke: 'waits for approval to end the old credential',
  go: 'waits for a go, because it is the first rotation',
} as const satisfies Record<NonNullable<ListedRotation['awaits']>, string>;

/** Jobs come first: they run, and wait, now. */
function waitingPart(access: readonly ListedAccess[], rotations: readonly ListedRotation[]) {
  if (rotations.length + access.length === 0) return html`<p class="notice">Nothing waits for a person.</p>`;
  const shown = rotations.slice(0, mostFindings);
  const more = rotations.length - shown.length;
  return html`<section class="card" aria-labelledby="waiting"><h2 id="waiting">Waits for you</h2><ul class="plain says">${access.slice(0, mostFindings).map(accessLine)}${shown.map(({ vault, secret, rotationId, awaits, claimedAt }) => html`<li><a href="/rotations#${rotationId}">${vault}/${secret}</a> ${awaits === null ? 'stopped and needs attention' : asks[awaits]} <span class="quiet small">since ${moment(claimedAt)}</span></li>`)}</ul>${more > 0 ? html`<p class="small"><a href="/rotations#waiting">and ${more} more</a></p>` : ''}</section>`;
}

function accessLine({ grant, number, requestedAt, request: { vault, secret, job } }: ListedAccess) {
  return html`<li><a href="/access#${grant}-${String(number)}">${vault}/${secret}</a> is asked for by a job of ${job.repository}, run ${job.runId} <span class="quiet small">since ${moment(requestedAt)}</span></li>`;
}

function upcomingPart(upcoming: readonly Upcoming[]) {
  if (upcoming.length === 0) return html`<p>Nothing is due in the next four weeks.</p>`;
  const shown = upcoming.slice(0, mostUpcoming);
  const more = upcoming.length - shown.length;
  const days = Map.groupBy(shown, ({ at }) => day(at));
  return html`<ul class="days">${[...days].map(([date, ones]) => html`<li><span class="time quiet">${date}</span><span>${ones.map(({ vault, secret, says }) => html`<div><a href="${secretAddress(vault, secret)}">${secret}</a> ${says}</div>`)}</span></li>`)}</ul>${more > 0 ? html`<p class="small"><a href="/secrets?sort=due">and ${more} more, by date</a></p>` : ''}`;
}

const stateTones = { good: 'calm', late: 'warn', failed: 'alarm', off: 'plain' } as const satisfies Record<
  SourceHealth['state'],
  Tone
>;

function sourceLine({ what, state, says }: SourceHealth) {
  return html`<li><strong>${what}</strong> ${mark(state, stateTones[state])}<br><span class="quiet small">${says}</span></li>`;
}

function findingsPart(audited: AuditedSpan | null, open: readonly ListedFinding[]) {
  if (audited === null) return stillBeingRead();
  const shown = open.slice(0, mostFindings);
  return html`<section class="card" aria-labelledby="open"><h2 id="open">Open exceptions</h2>${
    open.length === 0
      ? html`<p>No exception is open.</p>`
      : html`<ul class="plain says">${shown.map(({ id, severity, description }) => html`<li>${mark(severity, severityTone(severity))} <a href="/findings/${id}">${plainTimes(description)}</a></li>`)}</ul>`
  }<p class="small quiet">${counted(audited.findings.length, 'exception')} since ${day(audited.from)}, as of ${moment(audited.at)}. ${open.length > shown.length ? html`<a href="/findings?state=open">All ${open.length} of them</a>` : ''}</p></section>`;
}
