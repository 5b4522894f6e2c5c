import { mostReceiptsPerTask } from '../../collection/receipt-room.ts';
import { jobName } from '../../model/job-name.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** A job that posted more receipts than a task may: it tried to fill the archive, or reads in a loop. */
export const receiptsRefused: FindingRuleFactory = ({ attribution: { jobs }, refusedReceipts }) => ({
  findings() {
    const tally = createFindingTally('receipts-refused');
    for (const { job: numbers, refused, firstAt, lastAt, reference } of refusedReceipts) {
      const job = jobs.find(numbers);
      const subject = job === null ? `job ${String(numbers.jobId)}.${String(numbers.attempt)}` : jobName(job);
      const most = `${mostReceiptsPerTask.toLocaleString('en')} receipts`;
      tally.add({
        subject,
        severity: 'medium',
        at: firstAt,
        evidence: reference,
        description: () =>
          `${subject} posted more than ${most}; ${counted(refused, 'further one')} until ${lastAt} ${refused === 1 ? 'was' : 'were'} refused.`,
      });
    }
    return tally.findings();
  },
});
