import { html } from 'hono/html';
import { compareText } from '../../provenance/compare-text.ts';
import { page, wantsJson } from './design/page.ts';
import { choice, counted, day, moment, pageLinks, pageOf, words } from './design/parts.ts';
import { findingsTable, stillBeingRead } from './findings-table.ts';
import type { AuditedSpan, ListedFinding } from '../portal-ports.ts';
import type { PortalVisit } from './portal-visit.ts';

const states = ['open', 'accepted', 'fixed', 'recurred'] as const;
const severities = ['high', 'medium', 'low', 'information'] as const;
const mostGaps = 48;

/** `GET /findings`: every exception of the last ninety days with its life. */
export async function listFindings({ request, query, asking, ports }: PortalVisit): Promise<Response> {
  const audited = await ports.audited();
  const found = filterFindings(audited?.findings ?? [], query);
  if (wantsJson(request)) return Response.json({ findings: found, gaps: audited?.gaps ?? [] });
  return await page(
    'Exceptions',
    html`<h1>Exceptions</h1><p class="lead">What deviated from the policy${audited === null ? '' : ` since ${day(audited.from)}`}, by risk. Each keeps its id for life; a sealed pack records where it stood.</p>
${audited === null ? stillBeingRead() : content(audited, found, query)}`,
    { asking, at: '/findings' },
  );
}

function content(audited: AuditedSpan, found: readonly ListedFinding[], query: URLSearchParams) {
  return html`${filterForm(audited.findings, query)}
<p>${counted(found.length, 'exception')}, as of ${moment(audited.at)}.</p>
${found.length === 0 ? html`<p class="notice">No exception matches.</p>` : html`${findingsTable('Exceptions', pageOf(found, query))}${pageLinks('/findings', query, found.length)}`}
<h2 id="gaps">Hours without evidence</h2>
${audited.gaps.length === 0 ? html`<p>None: each of ${counted(audited.hours, 'hour')} has the row of its canary read.</p>` : html`<p>${audited.gaps.length} of ${counted(audited.hours, 'hour')}, newest first.</p><ul class="facts">${audited.gaps.slice(0, mostGaps).map(({ hour, state }) => html`<li><b>${moment(hour)}</b> ${state === 'gap' ? 'a gap' : 'not read'}</li>`)}</ul>`}`;
}

/** Keeps the findings that the address asks for. `state=open` means those that nobody accepted and nothing ended. */
function filterFindings(findings: readonly ListedFinding[], query: URLSearchParams): readonly ListedFinding[] {
  const wanted = (name: string) => query.get(name)?.trim().toLowerCase() ?? '';
  const [text, state, severity, rule] = [wanted('q'), wanted('state'), wanted('severity'), wanted('rule')];
  return findings.filter(
    (one) =>
      (text === '' ||
        `${one.id} ${one.subject} ${one.description} ${one.life.owner ?? ''}`.toLowerCase().includes(text)) &&
      (state === '' || one.life.state === state || (state === 'open' && one.life.state === 'recurred')) &&
      (severity === '' || one.severity === severity) &&
      (rule === '' || one.rule === rule),
  );
}

function filterForm(all: readonly ListedFinding[], query: URLSearchParams) {
  const rules = [...new Set(all.map(({ rule }) => rule))].sort(compareText);
  const pick = (name: string, label: string, values: readonly string[]) =>
    choice(
      { name, label, chosen: query.get(name) ?? '' },
      values.map((value) => [value, words(value)] as const),
    );
  return html`<form class="filter" method="get" action="/findings" role="search"><label>Search<input type="search" name="q" value="${query.get('q') ?? ''}"></label>${pick('state', 'State', states)}${pick('severity', 'Severity', severities)}${pick('rule', 'Rule', rules)}<div><button>Show</button> <a class="small" href="/findings">Clear</a></div></form>`;
}
