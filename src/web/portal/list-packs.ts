import { html } from 'hono/html';
import type { ListedPack } from '../web-ports.ts';
import { page, wantsJson } from './design/page.ts';
import { mark, moment } from './design/parts.ts';
import type { PortalVisit } from './portal-visit.ts';

/** `GET /reports`: all packs, newest period first. */
export async function listPacks({ request, asking, ports }: PortalVisit): Promise<Response> {
  const packs = [...(await ports.packs())].sort((a, b) =>
    a.to < b.to || (a.to === b.to && a.producedAt < b.producedAt) ? 1 : -1,
  );
  if (wantsJson(request)) return Response.json({ packs });
  return await page(
    'Reports',
    html`<h1>Reports</h1>
<p class="lead">Each pack shows who read which secret, when and in which job, for one period. Download it, check it with <code>keyturn verify</code> on your own machine, and draw your own sample.</p>
${packs.length === 0 ? html`<p class="notice">No report has been produced yet. <code>keyturn report --period 2026-Q3 --out DIR</code> produces one. The service produces one by itself after each period ends.</p>` : packs.map(card)}`,
    { asking, at: '/reports' },
  );
}

function card(pack: ListedPack) {
  const address = `/reports/${encodeURIComponent(pack.id)}`;
  return html`<section class="card" aria-labelledby="pack-${pack.id}">
<h2 id="pack-${pack.id}"><a href="${address}">${days(pack)}</a>${marks(pack)}</h2>
<ul class="facts"><li><b>${pack.retrievals}</b> reads</li><li><b>${pack.tied}</b> tied to a job</li><li${pack.suspicious > 0 ? html` class="text-alarm"` : ''}><b>${pack.suspicious}</b> suspicious</li><li><b>${pack.findings}</b> exceptions</li><li>${pack.frameworks.join(', ')}</li><li>sealed ${moment(pack.producedAt)}</li>${pack.amends === undefined ? '' : html`<li>amends <code>${pack.amends}</code></li>`}</ul>
<div class="actions"><a class="button" href="${address}/report.html">Read the report</a><a href="${address}/report.pdf?download">Download the PDF</a><a href="${address}">Files, difference, check</a></div>
</section>`;
}

/** Marks for synthetic data and provisional packs, which a reader must see first. */
export function marks(pack: ListedPack) {
  return html`${pack.synthetic ? html` ${mark('synthetic', 'alarm')}` : ''} ${mark(pack.status, pack.status === 'final' ? 'calm' : 'warn')}`;
}

/** First and last day of a pack's period; its end is excluded. */
export function days({ from, to }: Pick<ListedPack, 'from' | 'to'>): string {
  return `${from.slice(0, 10)} to ${new Date(Date.parse(to) - 1).toISOString().slice(0, 10)}`;
}
