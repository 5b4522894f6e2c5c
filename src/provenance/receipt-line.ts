import { createHash } from 'node:crypto';
import { canonicalReceipt, parseReceipt } from './parse-receipt.ts';
import type { Receipt } from './receipt.ts';

/** The start of every receipt in a job log. The helper neutralises lines of a job's command that contain it. */
export const receiptMarker = 'keyturn-receipt-';

/** Gitea silently cuts a line at 64 KiB; a receipt is far shorter. */
const mostBytes = 8_192;

const form =
  /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) )?keyturn-receipt-1 ([0-9a-f]+)\.([0-9a-f]{16})\r?$/;

/**
 * Formats a receipt as one line of a job log, without the line end: `keyturn-receipt-1 <hex of canonical
 * JSON>.<checksum>`, at most 8 KB. Hexadecimal, because runners mask every known secret in a line, and a vault's name
 * that equals a secret would break JSON or base64. The checksum detects a line that was damaged this way.
 */
export function formatReceiptLine(receipt: Receipt): string {
  const text = Buffer.from(canonicalReceipt(receipt)).toString('hex');
  return `${receiptMarker}1 ${text}.${checksum(text)}`;
}

/**
 * Parses the receipt in one line of a job log. Returns `null` if the line contains no receipt or a damaged one. Accepts
 * the timestamp that Gitea puts before each line (RFC 3339 and a space), and only the canonical form.
 */
export function parseReceiptLine(line: string): Receipt | null {
  // The timestamp has at most 36 characters.
  if (line.length > mostBytes + 36) return null;
  const [, text = '', sum] = form.exec(line) ?? [];
  if (text === '' || sum !== checksum(text)) return null;
  const json = Buffer.from(text, 'hex').toString('utf8');
  const receipt = parseReceipt(parseJson(json));
  return receipt === null || canonicalReceipt(receipt) !== json ? null : receipt;
}

/** First 16 hexadecimal digits of sha256 over the hexadecimal text. It detects damage, not forgery. */
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
