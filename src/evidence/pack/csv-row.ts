import { visibleText } from '../report/visible-text.ts';

// A spreadsheet treats text that starts with one of these as a formula, even after white space or a quotation mark.
const runs = /^[\s"']*[=+\-@\t\r|%＝＋－＠]/;

/**
 * One line of CSV by RFC 4180, without its line end. Hidden characters become visible. Text that a spreadsheet would
 * run as a formula gets a leading apostrophe, which marks it as text. Numbers stay numbers.
 */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => (typeof cell === 'number' ? String(cell) : quoted(cell ?? ''))).join(',');
}

function quoted(cell: string): string {
  const visible = visibleText(cell).replaceAll('\n', '␊');
  const harmless = runs.test(visible) ? `'${visible}` : visible;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
