import { visibleText } from '../report/visible-text.ts';

// A spreadsheet runs what begins with one of these, also behind white space or a quotation mark.
const runs = /^[\s"']*[=+\-@\t\r|%＝＋－＠]/;

/**
 * One line of CSV by RFC 4180, without its line end. Hidden characters are made visible; a text that a spreadsheet would
 * run as a formula gets an apostrophe in front, which spreadsheets take for "this is text". Numbers stay numbers.
 */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => (typeof cell === 'number' ? String(cell) : quoted(cell ?? ''))).join(',');
}

function quoted(cell: string): string {
  const visible = visibleText(cell).replaceAll('\n', '␊');
  const harmless = runs.test(visible) ? `'${visible}` : visible;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
