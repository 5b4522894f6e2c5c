import { z } from 'zod';
import { parseReceipt } from '../../provenance/parse-receipt.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { readEntries } from './read-entries.ts';

/**
 * A receipt of a file. `postedAt`: when it was posted, as recorded in the ledger; `null` if it is only known from a
 * log.
 */
export interface FiledReceipt {
  readonly receipt: Receipt;
  readonly postedAt: Date | null;
  /** `file:line`. */
  readonly place: string;
}

/**
 * Reads the receipts of a file, one per line, bare (as found in a log), or in the ledger's form for posted ones:
 * `{"postedAt", "receipt"}`.
 * @throws ServiceError `RECORD_UNREADABLE`.
 */
export async function readReceiptFile(path: string | null): Promise<FiledReceipt[]> {
  return await readEntries(path, toReceipt);
}

/** What tells a posted receipt from a bare one. */
const postedShape = z.object({ postedAt: z.string(), receipt: z.unknown() });

function toReceipt(value: unknown, place: string): FiledReceipt | null {
  const kept = postedShape.safeParse(value).data;
  if (kept === undefined) {
    const receipt = parseReceipt(value);
    return receipt === null ? null : { receipt, postedAt: null, place };
  }
  const receipt = parseReceipt(kept.receipt);
  const postedAt = new Date(kept.postedAt);
  return receipt === null || Number.isNaN(postedAt.getTime()) ? null : { receipt, postedAt, place };
}
