import { html } from 'hono/html';
import { compareText } from '../../provenance/compare-text.ts';
import { dayMs } from '../../secrets/duration.ts';
import { page, wantsJson } from './design/page.ts';
import {
  choice,
  counted,
  day,
  mark,
  pageLinks,
  pageOf,
  secretAddress,
  table,
  type Tone,
  words,
} from './design/parts.ts';
import { bindings, type Health, healths, type ListedSecret } from '../portal-ports.ts';
import type { PortalVisit } from './portal-visit.ts';

/** `GET /secrets`: every secret, with search, filters and order in the address, so that a view can be sent to others. */
export async function listSecrets({ request, query, asking, ports }: PortalVisit): Promise<Response> {
  const all = await ports.secrets();
  const found = orderSecrets(filterSecrets(all, query, ports.now()), query.get('sort') ?? '');
  if (wantsJson(request)) return Response.json({ secrets: found });
  return await page(
    'Secrets',
    html`<h1>Secrets</h1><p class="lead">${found.length === all.length ? counted(all.length, 'secret') : `${String(found.length)} of ${counted(all.length, 'secret')}`}, from the newest inventory. Keyturn reads properties alone, never a value.</p>
${filterForm(all, query)}
${found.length === 0 ? html`<p class="notice">${all.length === 0 ? 'No inventory has been taken yet. The first one follows the first collection of log rows.' : 'No secret matches. Loosen a filter.'}</p>` : html`${secretsTable(pageOf(found, query))}${pageLinks('/secrets', query, found.length)}`}`,
    { asking, at: '/secrets' },
  );
}

const daysChoices = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
] as const;

/** Keeps the secrets that every filter of the address admits. */
function filterSecrets(secrets: readonly ListedSecret[], query: URLSearchParams, now: Date): readonly ListedSecret[] {
  const wanted = (name: string) => query.get(name)?.trim().toLowerCase() ?? '';
  const text = wanted('q');
  const isSame = (value: string | null, name: string) =>
    wanted(name) === '' || (value ?? 'none').toLowerCase() === wanted(name);
  return secrets.filter(
    (one) =>
      (text === '' ||
        `${one.vault}/${one.secret} ${one.owner ?? ''} ${one.issuer ?? ''}`.toLowerCase().includes(text)) &&
      isSame(one.binding, 'bound') &&
      isSame(one.environment, 'environment') &&
      isSame(one.owner, 'owner') &&
      isSame(one.health, 'health') &&
      isDueWithin(one, wanted('due'), now) &&
      isOlder(one.lastRotatedAt ?? one.created, wanted('rotated'), now) &&
      isOlder(one.lastReadAt, wanted('read'), now),
  );
}

function isDueWithin({ due }: ListedSecret, days: string, now: Date): boolean {
  if (days === '') return true;
  if (due === null) return false;
  return Date.parse(due) <= now.getTime() + (days === 'overdue' ? 0 : Number(days)) * dayMs;
}

/** Whether something has not happened for so many days; what never happened has not. */
function isOlder(at: string | null, days: string, now: Date): boolean {
  if (days === '') return true;
  if (days === 'never') return at === null;
  return at === null || Date.parse(at) < now.getTime() - Number(days) * dayMs;
}

/** Orders by name, or by what the address asks for; what has no date comes last. */
function orderSecrets(secrets: readonly ListedSecret[], by: string): readonly ListedSecret[] {
  const last = '9999';
  const keys: Readonly<Record<string, (one: ListedSecret) => string>> = {
    due: ({ due }) => due ?? last,
    rotated: ({ lastRotatedAt, created }) => lastRotatedAt ?? created ?? last,
    read: ({ lastReadAt }) => lastReadAt ?? '',
    health: ({ health }) => String(healths.indexOf(health)),
  };
  const key = keys[by] ?? (({ vault, secret }: ListedSecret) => `${vault}/${secret}`);
  return secrets.toSorted((one, other) => compareText(key(one), key(other)) || compareText(one.secret, other.secret));
}

function filterForm(all: readonly ListedSecret[], query: URLSearchParams) {
  const distinct = (of: (one: ListedSecret) => string | null) =>
    [...new Set(all.map((one) => of(one) ?? 'none'))].sort(compareText).map((value) => [value, value] as const);
  const chosen = (name: string) => query.get(name) ?? '';
  const pick = (name: string, label: string, options: readonly (readonly [string, string])[]) =>
    choice({ name, label, chosen: chosen(name) }, options);
  return html`<form class="filter" method="get" action="/secrets" role="search">
<label>Search<input type="search" name="q" value="${chosen('q')}"></label>
${pick(
  'health',
  'Health',
  healths.map((one) => [one, words(one)] as const),
)}
${pick(
  'bound',
  'Policy',
  bindings.map((one) => [one, words(one)] as const),
)}
${pick('due', 'Due within', [['overdue', 'overdue'], ...daysChoices])}
${pick(
  'environment',
  'Environment',
  distinct(({ environment }) => environment),
)}
${pick(
  'owner',
  'Owner',
  distinct(({ owner }) => owner),
)}
${pick('rotated', 'Not rotated for', daysChoices)}
${pick('read', 'Not read for', [...daysChoices, ['never', 'never read']])}
${pick('sort', 'Order by', [
  ['due', 'due date'],
  ['rotated', 'last rotated'],
  ['read', 'last read'],
  ['health', 'health'],
])}
<div><button>Show</button> <a class="small" href="/secrets">Clear</a></div></form>`;
}

const healthTones = {
  overdue: 'alarm',
  'needs-attention': 'alarm',
  'waits-for-a-person': 'warn',
  disabled: 'warn',
  'no-end': 'warn',
  'due-soon': 'plain',
  rotating: 'plain',
  good: 'calm',
} as const satisfies Record<Health, Tone>;

export function healthMark(health: Health) {
  return mark(words(health), healthTones[health]);
}

function secretsTable(secrets: readonly ListedSecret[]) {
  return table(
    'Secrets',
    ['Secret', 'Health', 'Policy', 'Due', 'Last rotated', 'Last read', 'Environment', 'Owner'],
    secrets.map(
      (one) =>
        html`<tr><td class="name"><a href="${secretAddress(one.vault, one.secret)}">${one.secret}</a><br><span class="quiet small">${one.vault}</span></td><td>${healthMark(one.health)}</td><td>${words(one.binding)}${one.issuer === null ? '' : html`<br><span class="quiet small">${one.issuer}</span>`}</td><td class="time">${day(one.due)}</td><td class="time">${day(one.lastRotatedAt)}</td><td class="time">${day(one.lastReadAt)}</td><td>${one.environment ?? '–'}</td><td>${one.owner ?? '–'}</td></tr>`,
    ),
  );
}
