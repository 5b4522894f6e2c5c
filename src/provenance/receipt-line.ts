import { createHash } from 'node:crypto';
import { canonicalReceipt, parseReceipt } from './parse-receipt.ts';
import type { Receipt } from './receipt.ts';

/** How every receipt in a job log begins. Lines of a job's own command that hold it are neutralised by the helper. */
export const receiptMarker = 'keyturn-receipt-';

/** Gitea cuts a line at 64 KiB without a word; a receipt stays far below. */
const mostBytes = 8_192;

const form =
  /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) )?keyturn-receipt-1 ([0-9a-f]+)\.([0-9a-f]{16})\r?$/;

/**
 * A receipt as one line of a job log, without its end of line: `keyturn-receipt-1 <hex of canonical JSON>.<checksum>`,
 * at most 8 KB. Hexadecimal, because runners replace every known secret in a line, and a vault's name that happens to
 * be one would break JSON or base64. The checksum tells a line that was broken so.
 */
export function formatReceiptLine(receipt: Receipt): string {
  const text = Buffer.from(canonicalReceipt(receipt)).toString('hex');
  return `${receiptMarker}1 ${text}.${checksum(text)}`;
}

/**
 * The receipt in one line of a job log, or `null` when the line holds none or a broken one. The time-stamp that Gitea
 * puts before each line (RFC 3339 and a space) is allowed for. Only the canonical form is accepted.
 */
export function parseReceiptLine(line: string): Receipt | null {
  // The time-stamp has at most 36 characters.
  if (line.length > mostBytes + 36) return null;
  const [, text = '', sum] = form.exec(line) ?? [];
  if (text === '' || sum !== checksum(text)) return null;
  const json = Buffer.from(text, 'hex').toString('utf8');
  const receipt = parseReceipt(parseJson(json));
  return receipt === null || canonicalReceipt(receipt) !== json ? null : receipt;
}

/** First 16 hexadecimal digits of sha256 over the hexadecimal text. It guards against damage, not against forgery. */
function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
