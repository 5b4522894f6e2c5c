import { createHash } from 'node:crypto';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import { formatJobStamp } from '../../provenance/job-stamp.ts';
import { opaqueName } from '../../provenance/opaque-name.ts';
import { receiptDigest } from '../../provenance/parse-receipt.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { helperVersion } from '../helper-version.ts';
import type { ReceiptedRead } from './secret-read.ts';

/** The records of one start of the helper: its stamp, the ids of its reads, and their receipts. */
export interface ReceiptChain {
  /** The User-Agent of every request to the vault. */
  readonly userAgent: string;
  /** The client request id of the next read, the same for all its attempts. */
  nextClientRequestId(secret: string): string;
  /** Builds the receipts of reads, in order; each call continues the chain. Empty outside a job. */
  receiptsOf(reads: readonly ReceiptedRead[]): readonly Receipt[];
}

/** `job`: `null` outside a job; such reads are stamped only with the helper's version and produce no receipt. */
export function startReceiptChain(job: JobNumbers | null, nonce: string, opaque: boolean): ReceiptChain {
  let asked = 0;
  let sequence = 0;
  let previous: string | null = null;
  return {
    userAgent: job === null ? `keyturn/${helperVersion}` : formatJobStamp({ ...job, nonce, helper: helperVersion }),
    nextClientRequestId(secret) {
      asked += 1;
      const numbers = job === null ? [] : [job.instance, job.runId, job.attempt, job.jobId];
      return deriveUuid([...numbers, nonce, secret, asked].join('\n'));
    },
    receiptsOf(reads) {
      if (job === null) return [];
      return reads.map((read) => {
        sequence += 1;
        const receipt = buildReceipt(read, job, previous);
        previous = receiptDigest(receipt);
        return receipt;
      });
    },
  };

  function buildReceipt(read: ReceiptedRead, numbers: JobNumbers, before: string | null): Receipt {
    return {
      format: 1,
      job: numbers,
      nonce,
      sequence,
      vault: opaque ? opaqueName(read.vault) : read.vault,
      secret: opaque ? opaqueName(read.name) : read.name,
      opaque,
      version: read.outcome.kind === 'served' ? read.outcome.secret.version : null,
      clientRequestId: read.clientRequestId,
      requests: read.requests,
      address: read.address,
      clockOffsetMs: read.clockOffsetMs,
      previous: before,
    };
  }
}

/**
 * Derives a UUID of version 8 (RFC 9562) from a digest. Anyone with the stamp and the receipt can derive it, so it
 * proves nothing more.
 */
function deriveUuid(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex');
  const variant = (8 + (Number.parseInt(digits.slice(16, 17), 16) % 4)).toString(16);
  const [a, b, c] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(13, 16)];
  return `${a}-${b}-8${c}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
