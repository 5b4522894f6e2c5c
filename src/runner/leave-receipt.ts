import type { Receipt } from '../provenance/receipt.ts';
import { formatReceiptLine } from '../provenance/receipt-line.ts';
import { writeWhole } from './write-whole.ts';

/** Writes a receipt into the job's log. The line feed ends what somebody may have left unfinished: it counts only at the start of a line. */
export function leaveReceipt(receipt: Receipt): void {
  writeWhole(2, `${receipt.sequence === 1 ? '\n' : ''}${formatReceiptLine(receipt)}\n`);
}
