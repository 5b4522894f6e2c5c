import type { Receipt } from '../../provenance/receipt.ts';
import { formatReceiptLine } from '../../provenance/receipt-line.ts';
import { writeAllSync } from '../write-all-sync.ts';

/**
 * Writes a receipt to the job's log. A receipt counts only at the start of a line, so the first one after other output
 * (`afresh`) starts with a line feed, which ends any unfinished line.
 */
export function emitReceipt(receipt: Receipt, afresh: boolean): void {
  writeAllSync(2, `${afresh ? '\n' : ''}${formatReceiptLine(receipt)}\n`);
}
