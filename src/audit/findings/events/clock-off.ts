import { answeredAt } from '../../attribution/receipt-index.ts';
import { jobName } from '../../model/job-name.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** A receipt and the row of its read may differ by this much before they contradict each other. */
const mostClockOffsetMs = 30_000;

/** Runners whose clock differs from the vault's by more than the join allows for; one finding per runner. */
export const clockOff: FindingRuleFactory = ({ attribution: { jobs, receipts }, period }) => ({
  findings() {
    const tally = createFindingTally('clock-off');
    for (const { receipt, reference } of receipts.all()) {
      const at = answeredAt(receipt);
      const offset = receipt.clockOffsetMs;
      if (offset === null || Math.abs(offset) <= mostClockOffsetMs || at < +period.from || at >= +period.to) continue;
      const job = jobs.find(receipt.job);
      const subject =
        job === null
          ? `job ${String(receipt.job.jobId)}.${String(receipt.job.attempt)}`
          : (job.runnerName ?? jobName(job));
      tally.add({
        subject,
        severity: 'medium',
        at: new Date(at).toISOString(),
        evidence: reference,
        description: ({ count }) =>
          `The clock of ${subject} differed from the vault's by more than ${String(mostClockOffsetMs / 1000)} seconds in ${counted(count, 'receipt')}.`,
      });
    }
    return tally.findings();
  },
});
