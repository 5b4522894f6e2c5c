import { parseReceipt } from '../../provenance/parse-receipt.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
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
  return await readEntries(path, parseFiledReceipt);
}

/** Parses a receipt of a file. Returns `null` for any other value. */
export function parseFiledReceipt(value: unknown, place: string): FiledReceipt | null {
  if (!isObject(value) || typeof value['postedAt'] !== 'string') {
    const receipt = parseReceipt(value);
    return receipt === null ? null : { receipt, postedAt: null, place };
  }
  const receipt = parseReceipt(value['receipt']);
  const postedAt = new Date(value['postedAt']);
  return receipt === null || Number.isNaN(postedAt.getTime()) ? null : { receipt, postedAt, place };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A bare receipt proves only that some log contained it; a posted one has the ledger's record. */
export function toLedgerReceipt({
  receipt,
  postedAt,
  place,
}: Pick<FiledReceipt, 'receipt' | 'place'> & { readonly postedAt: Date | string | null }): LedgerReceipt {
  const isPosted = postedAt !== null;
  return {
    receipt,
    channel: isPosted ? 'posted' : 'logged',
    log: isPosted ? null : receipt.job,
    reference: receiptReference(place),
  };
}

/** How evidence refers to a receipt of a file. */
export function receiptReference(place: string): string {
  return `receipt ${place}`;
}
