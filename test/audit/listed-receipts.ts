import type { JobIndex } from '../../src/audit/attribution/job-index.ts';
import { answeredAt, isContested, type ReceiptIndex } from '../../src/audit/attribution/receipt-index.ts';
import type { LedgerReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import type { ReportingPeriod } from '../../src/audit/model/audited-period.ts';
import type { Job } from '../../src/audit/model/job.ts';

/** One receipt of a period, with what was found about it. */
interface ListedReceipt extends LedgerReceipt {
  readonly at: number;
  readonly job: Job | null;
  readonly isCopy: boolean;
  readonly isContested: boolean;
  readonly matched: boolean | null;
}

/** The receipts of a period; in order of their references. Copies in other logs count too. */
export function listReceipts(
  { jobs, receipts }: { readonly jobs: JobIndex; readonly receipts: ReceiptIndex },
  { from, to }: ReportingPeriod,
  settledTo: number,
): readonly ListedReceipt[] {
  const describe = (one: LedgerReceipt, isCopy: boolean, matched: boolean | null): ListedReceipt => {
    const { receipt, channel, log, reference } = one;
    const isDisputed = receipt.requests.some(({ id }) => isContested(receipts.claims(id.toLowerCase())));
    const facts = { at: answeredAt(receipt), job: jobs.find(receipt.job), isCopy, isContested: isCopy || isDisputed };
    return { receipt, channel, log, reference, ...facts, matched };
  };
  const isInside = ({ receipt }: LedgerReceipt): boolean =>
    answeredAt(receipt) >= from.getTime() && answeredAt(receipt) < to.getTime();
  const own = receipts.all().filter(isInside);
  const copied = receipts.copied.filter(isInside);
  return [
    ...own.map((one) => {
      const isOpen = one.receipt.version === null || answeredAt(one.receipt) >= settledTo;
      return describe(one, false, one.matched || !isOpen ? one.matched : null);
    }),
    ...copied.map((one) => describe(one, true, null)),
  ].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}
