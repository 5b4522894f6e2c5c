import { jobName } from '../../model/job-name.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** A receipt and the row of its read may differ by this much before they contradict each other. */
const mostClockOffsetMs = 30_000;

/** Runners whose clock differs from the vault's by more than the join allows for; one finding per runner. */
export const clockOff: FindingRuleFactory = () => {
  const tally = createFindingTally('clock-off');
  return {
    receipt({ receipt, reference, at, job }) {
      const offset = receipt.clockOffsetMs;
      if (offset === null || Math.abs(offset) <= mostClockOffsetMs) return;
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
    },
    ...tally.observer,
  };
};
