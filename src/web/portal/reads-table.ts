import { html } from 'hono/html';
import type { Grade } from '../../audit/model/attribution.ts';
import { mark, moment, secretAddress, table, type Tone, words } from './design/parts.ts';
import type { ListedRead } from '../portal-ports.ts';

const gradeTones = {
  authenticated: 'calm',
  corroborated: 'calm',
  inferred: 'plain',
  rotation: 'plain',
  platform: 'plain',
  // Never green: a person has seen the value.
  person: 'warn',
  claimed: 'warn',
  ambiguous: 'warn',
  unattributed: 'alarm',
  contradicted: 'alarm',
  'rotation-unexplained': 'alarm',
  'broker-unexplained': 'alarm',
} as const satisfies Record<Grade, Tone>;

/** A table of reads; each row has its ids, so that it can be found in the log and in a pack. `hasLogs`: jobs lead to their logs. */
export function readsTable(label: string, reads: readonly ListedRead[], { hasLogs = false } = {}) {
  return table(
    label,
    ['When', 'Secret', 'Reader', 'Grade', 'From', 'Ids'],
    reads.map(
      (one) =>
        html`<tr id="${one.id}"><td class="time">${moment(one.at)}</td><td class="name"><a href="${secretAddress(one.vault, one.secret)}">${one.secret}</a><br><code class="quiet small">${one.version?.slice(0, 8) ?? 'no version'}</code></td><td class="name">${reader(one)}${hasLogs && one.job !== null ? html` <a class="small" href="/job-log?job=${encodeURIComponent(one.job)}">log</a>` : ''}</td><td>${mark(one.grade, gradeTones[one.grade])}<br><span class="quiet small">${words(one.reason)}</span></td><td>${one.address ?? '–'}</td><td class="small"><code>${one.id.slice(0, 16)}</code><br><code class="quiet">${one.correlationId ?? 'no correlation id'}</code></td></tr>`,
    ),
  );
}

function reader({ job, person, identity }: ListedRead) {
  if (job !== null) return html`<a href="/reads?job=${encodeURIComponent(job)}">${job}</a>`;
  if (person !== null) return html`<a href="/reads?person=${encodeURIComponent(person)}">${person}</a>`;
  return html`<span class="quiet">no job; identity</span> <code class="small">${identity ?? 'none'}</code>`;
}
