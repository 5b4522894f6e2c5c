import { html } from 'hono/html';
import { describePerson } from '../../provenance/person.ts';
import type { DeletionOnRecord, HoldOnRecord } from '../../retention/history/retention-of-period.ts';
import type { KeptKind } from '../portal-ports.ts';
import { page, wantsJson } from './design/page.ts';
import { counted, day, mark, moment, pageLinks, pageOf, table } from './design/parts.ts';
import type { PortalVisit } from './portal-visit.ts';

/** `GET /retention`: how long each kind of record is kept, what was deleted by which rule, and what is held. */
export async function showRetention({ request, query, asking, ports }: PortalVisit): Promise<Response> {
  const kept = await ports.retention();
  if (wantsJson(request)) return Response.json(kept);
  const deletions = kept.deletions.toReversed();
  const holds = kept.holds.toSorted((one, other) => Number(one.lifted !== null) - Number(other.lifted !== null));
  return await page(
    'Retention',
    html`<h1>Retention</h1><p class="lead">How long each kind of record is kept. Sealed packs, policies and decisions are never deleted. A hold begins and ends with <code>keyturn hold</code>; <code>keyturn retention --plan</code> says what goes next.</p>
${table('Rules', ['Kind', 'What it holds', 'Kept for'], kept.kinds.map(ruleRow))}
<h2>Holds</h2>
${holds.length === 0 ? html`<p class="notice">Nothing is held.</p>` : table('Holds', ['Hold', 'Of', 'By', 'Reason', 'State'], holds.map(holdRow))}
<h2>Deletions</h2>
${deletions.length === 0 ? html`<p class="notice">Nothing has been deleted.</p>` : html`<p>${counted(deletions.length, 'deletion')}, the newest first. Each is an entry of a hashed chain, before and after, with a list of the records and their digests.</p>${table('Deletions', ['When', 'Kind', 'Of', { number: 'Records' }, 'Rule', 'Where'], pageOf(deletions, query).map(deletionRow))}${pageLinks('/retention', query, deletions.length)}`}`,
    { asking, at: '/setup' },
  );
}

function ruleRow({ kind, holds, keep }: KeptKind) {
  return html`<tr><td class="name">${kind}</td><td class="name">${holds}</td><td>${keep ?? 'for ever'}</td></tr>`;
}

function holdRow({ number, at, by, reason, from, to, lifted }: HoldOnRecord) {
  const state =
    lifted === null
      ? html`${mark('counts', 'warn')} since ${moment(at)}`
      : html`${mark('lifted')} ${moment(lifted.at)} by ${describePerson(lifted.by)}: ${lifted.reason}`;
  return html`<tr><td>${number}</td><td>${from === null && to === null ? 'any time' : spanOf(from, to)}</td><td>${describePerson(by)}</td><td class="name">${reason}</td><td class="name">${state}</td></tr>`;
}

function deletionRow({ at, kind, from, to, records, kept, rule, name, endedAt }: DeletionOnRecord) {
  const gone = kept === null ? `of ${String(records)}` : String(records - kept);
  const stayed = (kept ?? 0) > 0 ? html` <span class="small">${counted(kept ?? 0, 'record')} stayed</span>` : '';
  return html`<tr><td>${moment(at)}${endedAt === null ? html` ${mark('under way', 'warn')}` : ''}</td><td>${kind}</td><td>${spanOf(from, to)}</td><td class="number">${gone}${stayed}</td><td>kept for ${rule}</td><td class="name">${name}</td></tr>`;
}

/** The first and the last day; the end of a span is not part of it. */
function spanOf(from: string | null, to: string | null): string {
  const last = to === null ? null : new Date(Date.parse(to) - 1).toISOString();
  return `${day(from)} to ${day(last)}`;
}
