import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { describePerson } from '../../../provenance/person.ts';
import type { Role, Who } from '../../caller.ts';
import { carriesToken } from '../../tokens/token-text.ts';
import { favicon, style } from './style.ts';

/** A part of a page; what is inserted into it is escaped. */
export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface PageOptions {
  /** Defaults to 200. */
  readonly status?: number;
  /** The signed-in person: the page shows the name, a sign-out button, and the places that the role opens. */
  readonly asking?: Who;
  /** The place in the navigation that the page belongs to. */
  readonly at?: string;
}

const places: readonly { readonly path: string; readonly name: string; readonly role: Role }[] = [
  { path: '/', name: 'Overview', role: 'auditor' },
  { path: '/rotations', name: 'Rotations', role: 'operator' },
  { path: '/secrets', name: 'Secrets', role: 'operator' },
  { path: '/reads', name: 'Access', role: 'operator' },
  { path: '/findings', name: 'Exceptions', role: 'auditor' },
  { path: '/reports', name: 'Reports', role: 'auditor' },
  { path: '/setup', name: 'Set-up', role: 'operator' },
];

/** Renders one page of the portal: no script, nothing from elsewhere, readable without style. `html` escapes all inserted text. */
export async function page(
  title: string,
  body: Markup,
  { status = 200, asking, at }: PageOptions = {},
): Promise<Response> {
  const markup = await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Keyturn</title><link rel="icon" href="${raw(favicon)}"><style>${raw(style)}</style></head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="site"><div><strong>Keyturn</strong>${navigation(asking, at)}${signOutForm(asking)}</div></header>
<main id="content" tabindex="-1">${body}</main>
</body>
</html>`;
  return new Response(markup.toString(), { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

function navigation(asking: Who | undefined, at: string | undefined) {
  if (asking?.kind !== 'somebody') return '';
  const open = places.filter(({ role }) => hasRole(asking, role));
  return html`<nav aria-label="Main"><ul>${open.map(({ path, name }) => html`<li><a href="${path}"${path === at ? html` aria-current="page"` : ''}>${name}</a></li>`)}</ul></nav>`;
}

/** Whether the sender has a role. The operator's role includes the auditor's. */
export function hasRole(asking: Who, role: Role): boolean {
  return asking.kind === 'somebody' && (asking.roles.includes(role) || asking.roles.includes('operator'));
}

/** Shown to people who signed in. This machine has no session to end if loopback is trusted. */
function signOutForm(asking: Who | undefined) {
  if (asking?.kind !== 'somebody') return '';
  const { person } = asking;
  if (person.kind === 'unnamed' && person.door === 'loopback') return '';
  return html`<form class="out" method="post" action="/sign-out"><span>${describePerson(person)}</span> <button class="second">Sign out</button></form>`;
}

/** Whether the caller prefers JSON to a page. A program with a token always does. */
export function wantsJson(request: Request): boolean {
  if (carriesToken(request)) return true;
  const accept = request.headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/html');
}
