import { jobName } from '../../model/job-name.ts';
import { answeredAt } from '../../attribution/receipt-index.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Receipts of served reads that are missing from the log although all its rows have arrived: rows were lost, or the
 * receipt is forged.
 */
export const orphanReceipt: FindingRuleFactory = ({ attribution: { jobs, receipts }, period }) => ({
  findings({ settledTo }) {
    const tally = createFindingTally('orphan-receipt');
    for (const { receipt, reference } of receipts.orphans(
      period.from.getTime(),
      Math.min(period.to.getTime(), settledTo),
    )) {
      const job = jobs.find(receipt.job);
      const subject = job === null ? `job ${String(receipt.job.jobId)}.${String(receipt.job.attempt)}` : jobName(job);
      tally.add({
        subject,
        severity: 'medium',
        at: new Date(answeredAt(receipt)).toISOString(),
        evidence: reference,
        description: ({ count }) =>
          `${subject} has ${counted(count, 'receipt')} for reads that are missing from the audit log.`,
      });
    }
    return tally.findings();
  },
});
