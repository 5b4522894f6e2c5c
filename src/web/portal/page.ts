import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { describePerson } from '../../provenance/person.ts';
import type { Who } from '../caller.ts';

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

// Colours keep a contrast of at least 4.5 to 1 in both schemes.
const style = `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #586273; --line: #d9dee6; --ground: #f7f8fa; --card: #fff; --accent: #1f5fa8; --alarm: #a3261b; --calm: #1c6b43; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --quiet: #a4adba; --line: #343c48; --ground: #14181e; --card: #1c2129; --accent: #7db4f0; --alarm: #ff9b8f; --calm: #7ed3a4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header.site { border-bottom: 1px solid var(--line); background: var(--card); }
header.site div { max-width: 68rem; margin: 0 auto; padding: .8rem 1.25rem; display: flex; gap: 1.5rem; align-items: baseline; flex-wrap: wrap; }
header.site strong { font-size: 1.1rem; letter-spacing: .01em; }
a { color: var(--accent); } a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p.lead { color: var(--quiet); margin: 0 0 1.6rem; max-width: 46rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.25rem; margin: 0 0 1rem; }
.card h2 { margin: 0 0 .3rem; } .facts { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: .4rem 0 .8rem; padding: 0; list-style: none; color: var(--quiet); }
.facts b { color: var(--ink); font-variant-numeric: tabular-nums; } .alarm b, .alarm { color: var(--alarm); } .calm { color: var(--calm); }
.actions { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; }
.mark { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .82rem; margin-left: .5rem; vertical-align: .12em; white-space: nowrap; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--card); font-size: .93rem; }
caption { text-align: left; color: var(--quiet); padding: .3rem 0; } th, td { text-align: left; padding: .5rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; } th { font-weight: 600; } tr.noted td { border-bottom: 0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; } table.rotations td:first-child { min-width: 12.5rem; } table.rotations td:nth-child(n+3) { white-space: nowrap; }
form.out { margin-left: auto; color: var(--quiet); } form.out button { padding: .15rem .6rem; background: none; color: var(--accent); }
form.ask { display: grid; gap: .7rem; max-width: 34rem; } label { display: grid; gap: .2rem; } label.tick { display: block; } input[type=text] { font: inherit; padding: .45rem .6rem; border: 1px solid var(--quiet); border-radius: .35rem; background: var(--card); color: var(--ink); }
button { font: inherit; padding: .45rem 1rem; border: 1px solid var(--accent); border-radius: .35rem; background: var(--accent); color: var(--card); cursor: pointer; }
`;

export interface PageOptions {
  /** Defaults to 200. */
  readonly status?: number;
  /** The signed-in person: the page shows the name and a sign-out button. */
  readonly asking?: Who;
}

/**
 * Renders one page of the portal: no script, no external picture, readable without style. `html` escapes all inserted
 * text.
 */
export async function page(title: string, body: Markup, { status = 200, asking }: PageOptions = {}): Promise<Response> {
  const markup = await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Keyturn</title><style>${raw(style)}</style></head>
<body>
<header class="site"><div><strong>Keyturn</strong><nav aria-label="Main"><a href="/">Reports</a> &nbsp; <a href="/rotations">Rotations</a></nav>${signOutForm(asking)}</div></header>
<main>${body}</main>
</body>
</html>`;
  return new Response(markup.toString(), { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

/** Shown to people who signed in. This machine has no session to end if loopback is trusted. */
function signOutForm(asking: Who | undefined) {
  if (asking?.kind !== 'somebody') return '';
  const { person } = asking;
  if (person.kind === 'unnamed' && person.door === 'loopback') return '';
  return html`<form class="out" method="post" action="/sign-out"><span>${describePerson(person)}</span> <button>Sign out</button></form>`;
}

/** Whether the caller prefers JSON to a page. */
export function wantsJson(request: Request): boolean {
  const accept = request.headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/html');
}
