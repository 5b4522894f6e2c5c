import { jobName } from '../../model/job-name.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Receipts of served reads that are missing from the log although all its rows have arrived: rows were lost, or the
 * receipt is forged.
 */
export const orphanReceipt: FindingRuleFactory = () => {
  const tally = createFindingTally('orphan-receipt');
  return {
    receipt({ receipt, reference, at, job, matched }) {
      if (matched !== false) return;
      const subject = job === null ? `job ${String(receipt.job.jobId)}.${String(receipt.job.attempt)}` : jobName(job);
      tally.add({
        subject,
        severity: 'medium',
        at: new Date(at).toISOString(),
        evidence: reference,
        description: ({ count }) =>
          `${subject} has ${counted(count, 'receipt')} for reads that are missing from the audit log.`,
      });
    },
    ...tally.observer,
  };
};
