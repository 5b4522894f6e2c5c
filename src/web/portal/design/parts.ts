import { html } from 'hono/html';
import type { Markup } from './page.ts';

/** The role of a state's colour; its word is always beside it. */
export type Tone = 'alarm' | 'warn' | 'calm' | 'plain';

export function mark(text: string, tone: Tone = 'plain') {
  return html`<span class="mark${tone === 'plain' ? '' : ` ${tone}`}">${text}</span>`;
}

/** `needs-attention` → `needs attention`. */
export function words(code: string): string {
  return code.replaceAll('-', ' ');
}

/** `2026-03-01 12:05 UTC`. */
export function moment(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

/** A sentence with each time as people read it: without parts of seconds. */
export function plainTimes(text: string): string {
  return text.replaceAll(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?Z/g, '$1 $2 UTC');
}

/** `2026-03-01`; a dash where there is no time. */
export function day(at: string | null): string {
  return at === null ? '–' : at.slice(0, 10);
}

/** `1 read`, `2 reads`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** The head of a column of numbers, which stand at its right. */
interface NumberColumn {
  readonly number: string;
}

/** A table that scrolls within itself, and takes the focus so that a keyboard can scroll it. */
export function table(label: string, head: readonly (string | NumberColumn)[], rows: readonly Markup[]) {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table><thead><tr>${head.map((name) => (typeof name === 'string' ? html`<th scope="col">${name}</th>` : html`<th scope="col" class="number">${name.number}</th>`))}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The address of a secret's page. */
export function secretAddress(vault: string, secret: string): string {
  return `/secrets/${encodeURIComponent(vault)}/${encodeURIComponent(secret)}`;
}

/** A choice in a form of filters. The first option is `any`. */
export function choice(
  { name, label, chosen }: { readonly name: string; readonly label: string; readonly chosen: string },
  options: readonly (readonly [value: string, text: string])[],
) {
  return html`<label>${label}<select name="${name}"><option value="">any</option>${options.map(([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`)}</select></label>`;
}

export function reasonField() {
  return html`<label>Reason, for the record<input type="text" name="reason" required maxlength="300"></label>`;
}

/** So many rows are on one page. */
const pageSize = 50;

/** The rows of the page that the address asks for. */
export function pageOf<Row>(rows: readonly Row[], query: URLSearchParams): readonly Row[] {
  const start = (numberOfPage(query) - 1) * pageSize;
  return rows.slice(start, start + pageSize);
}

/** Links to the page before and after; nothing if one page holds all rows. */
export function pageLinks(path: string, query: URLSearchParams, count: number) {
  const current = numberOfPage(query);
  const last = Math.max(1, Math.ceil(count / pageSize));
  if (last === 1) return '';
  const link = (to: number, text: string) => {
    const next = new URLSearchParams(query);
    next.set('page', String(to));
    return html`<a href="${path}?${next.toString()}">${text}</a>`;
  };
  return html`<nav class="pages" aria-label="Pages">${current > 1 ? link(current - 1, 'Previous') : ''}<span>Page ${current} of ${last}</span>${current < last ? link(current + 1, 'Next') : ''}</nav>`;
}

function numberOfPage(query: URLSearchParams): number {
  const asked = Number(query.get('page') ?? '1');
  return Number.isInteger(asked) && asked > 0 ? asked : 1;
}
