import { html } from 'hono/html';
import { day, mark, plainTimes, table, type Tone, words } from './design/parts.ts';
import type { ListedFinding } from '../portal-ports.ts';

const tones = { high: 'alarm', medium: 'warn', low: 'plain', information: 'plain' } as const satisfies Record<
  ListedFinding['severity'],
  Tone
>;

export function severityTone(severity: ListedFinding['severity']): Tone {
  return tones[severity];
}

const lifeTones = { open: 'warn', recurred: 'alarm', accepted: 'plain', fixed: 'calm' } as const satisfies Record<
  ListedFinding['life']['state'],
  Tone
>;

export function lifeMark({ life }: ListedFinding) {
  return mark(life.state, lifeTones[life.state]);
}

export function findingsTable(label: string, findings: readonly ListedFinding[]) {
  return table(
    label,
    ['Severity', 'Exception', 'State', 'Owner', 'Due', 'First', { number: 'Events' }],
    findings.map(
      (one) =>
        html`<tr><td>${mark(one.severity, severityTone(one.severity))}</td><td class="name"><a href="/findings/${one.id}">${plainTimes(one.description)}</a><br><span class="quiet small">${words(one.rule)}, ${one.subject}</span></td><td>${lifeMark(one)}</td><td>${one.life.owner ?? '–'}</td><td class="time">${day(one.life.due)}</td><td class="time">${day(one.firstAt)}</td><td class="number">${one.count}</td></tr>`,
    ),
  );
}

/** In the place of what is not known yet. */
export function stillBeingRead() {
  return html`<p class="notice">The log is being read for the first time since the service started. Open this page again in a minute.</p>`;
}
