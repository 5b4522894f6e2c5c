import { html } from 'hono/html';
import { page, wantsJson } from './design/page.ts';
import { counted, mark, moment, table, type Tone } from './design/parts.ts';
import type { SetupCheck } from '../portal-ports.ts';
import type { PortalVisit } from './portal-visit.ts';

const tones = { pass: 'calm', warn: 'warn', fail: 'alarm' } as const satisfies Record<SetupCheck['verdict'], Tone>;
const order = ['fail', 'warn', 'pass'] as const;

/** `GET /setup`: what `keyturn doctor` finds, in the same words, with the commands that add what is missing. */
export async function showSetup({ request, asking, ports }: PortalVisit): Promise<Response> {
  const { at, checks } = await ports.setup();
  if (wantsJson(request)) return Response.json({ at, checks });
  const sorted = checks.toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
  const failed = checks.filter(({ verdict }) => verdict === 'fail').length;
  return await page(
    'Set-up',
    html`<h1>Set-up</h1><p class="lead">The checks of <code>keyturn doctor</code>, as of ${moment(at)}. <a href="/retention">What is kept, deleted and held</a></p>
<p class="notice${failed > 0 ? ' alarm' : ''}">${failed === 0 ? `All of ${counted(checks.length, 'check')} pass or only warn.` : `${counted(failed, 'check')} of ${String(checks.length)} failed. Run the commands below; each adds what is missing.`}</p>
${sorted.filter(({ verdict }) => verdict !== 'pass').map(card)}
${table(
  'Checks that pass',
  ['Passes', 'What was found'],
  sorted
    .filter(({ verdict }) => verdict === 'pass')
    .map(
      ({ what, says }) =>
        html`<tr><td class="name">${mark('pass', tones.pass)} ${what}</td><td class="name">${says}</td></tr>`,
    ),
)}`,
    { asking, at: '/setup' },
  );
}

function card({ what, verdict, says, command }: SetupCheck) {
  return html`<section class="card"><h2>${mark(verdict, tones[verdict])} ${what}</h2><p>${says}</p>${command === null ? '' : html`<pre>${command}</pre>`}</section>`;
}
