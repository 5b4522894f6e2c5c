import type { Receipt } from '../../provenance/receipt.ts';
import { ServiceError } from '../../service-error.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
import type { Job } from '../model/job.ts';
import type { FiledReceipt } from '../files/read-receipt-file.ts';

/**
 * A job that was checked whole when it was filed. Checking it again would take longer than parsing it, so this only looks
 * whether the place still holds one. @throws ServiceError `RECORD_UNREADABLE` if the file is another by now.
 */
export function readFiledJob(value: unknown, file: string): Job {
  if (!isJob(value)) throw changed(file);
  return value;
}

/** The same of a receipt of the ledger. `number`: its number among all. */
export function readLedgerReceipt(value: unknown, file: string, number: number): NumberedReceipt {
  if (!isObject(value) || !isReceipt(value['receipt']) || !isKept(value['kept'])) throw changed(file);
  return { receipt: value['receipt'], ...value['kept'], number };
}

/** A receipt and its number among those of all files. */
export interface NumberedReceipt extends LedgerReceipt {
  readonly number: number;
}

/** The same of a receipt, bare or posted. */
export function readFiledReceipt(
  value: unknown,
  file: string,
  place: string,
): Pick<FiledReceipt, 'receipt' | 'place'> & { readonly postedAt: string | null } {
  if (!isObject(value)) throw changed(file);
  const isPosted = typeof value['postedAt'] === 'string';
  const receipt = isPosted ? value['receipt'] : value;
  if (!isReceipt(receipt)) throw changed(file);
  return { receipt, postedAt: isPosted ? String(value['postedAt']) : null, place };
}

function isJob(value: unknown): value is Job {
  return isObject(value) && typeof value['jobId'] === 'number' && Array.isArray(value['labels']);
}

function isReceipt(value: unknown): value is Receipt {
  return isObject(value) && typeof value['nonce'] === 'string' && Array.isArray(value['requests']);
}

function isKept(value: unknown): value is Omit<LedgerReceipt, 'receipt'> {
  return isObject(value) && typeof value['reference'] === 'string' && typeof value['channel'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function changed(file: string): ServiceError {
  return new ServiceError('RECORD_UNREADABLE', { path: file, reason: 'it changed while it was read' });
}
