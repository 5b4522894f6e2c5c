import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Jobs for which a second key was shown: one of the two parties is not the job, and either may have got the values. */
export const secondBrokerKey: FindingRuleFactory = ({ brokered }) => ({
  findings() {
    const tally = createFindingTally('second-broker-key');
    for (const { reference, at, job, served } of brokered.secondKeys) {
      const given = served.length === 0 ? 'Nothing had been given out.' : `It had been given ${served.join(', ')}.`;
      const advice = served.map((name) => `keyturn rotate ${name} --emergency`).join('; ');
      tally.add({
        subject: `${job.repository} ${String(job.runId)}/${String(job.jobId)}.${String(job.attempt)}`,
        severity: 'high',
        at,
        evidence: reference,
        description: () =>
          `A second key was shown to the broker for a running job of ${job.repository}, and the session ended. ${given}${advice === '' ? '' : ` To replace it: ${advice}.`}`,
      });
    }
    return tally.findings();
  },
});
