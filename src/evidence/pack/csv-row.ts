import { visibleText } from '../report/visible-text.ts';

// A spreadsheet treats text that starts with one of these as a formula, even after white space or a quotation mark.
const runs = /^[\s"']*[=+\-@\t\r|%＝＋－＠]/;

/** Visible ASCII without commas and quotation marks that begins with a letter or a digit: nearly every cell. */
const harmlessText = /^[A-Za-z0-9][ !#-+\--~]*$/;

/**
 * One line of CSV by RFC 4180, without its line end. Hidden characters become visible. Text that a spreadsheet would
 * run as a formula gets a leading apostrophe, which marks it as text. Numbers stay numbers.
 */
export function csvRow(cells: readonly (string | number | null)[]): string {
  let line = '';
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index] ?? '';
    const text = typeof cell === 'number' ? String(cell) : csvCell(cell);
    line = index === 0 ? text : `${line},${text}`;
  }
  return line;
}

/** One cell of such a line. */
export function csvCell(cell: string): string {
  if (cell === '' || harmlessText.test(cell)) return cell;
  const visible = visibleText(cell).replaceAll('\n', '␊');
  const harmless = runs.test(visible) ? `'${visible}` : visible;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
