import type { Receipt } from '../../provenance/receipt.ts';
import { formatReceiptLine } from '../../provenance/receipt-line.ts';
import { writeWhole } from '../write-whole.ts';

/**
 * Writes a receipt into the job's log. It counts only at the start of a line, so the first after anything else could
 * have been written (`afresh`) ends what may stand there unfinished.
 */
export function leaveReceipt(receipt: Receipt, afresh: boolean): void {
  writeWhole(2, `${afresh ? '\n' : ''}${formatReceiptLine(receipt)}\n`);
}
