import { hourMs } from '../../../secrets/duration.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Hours that were read but contain no row of Keyturn's canary read, so rows may be missing. Consecutive hours form one
 * finding.
 */
export const logGap: FindingRuleFactory = () => ({
  findings({ coverage, settledTo }) {
    const tally = createFindingTally('log-gap');
    let start = '';
    let last = Number.NaN;
    for (const { hour, state } of coverage) {
      const at = Date.parse(hour);
      if (state !== 'gap' || at + hourMs > settledTo) continue;
      if (at !== last + hourMs) start = hour;
      last = at;
      const subject = start;
      tally.add({
        subject,
        severity: 'medium',
        at: hour,
        evidence: hour,
        description: ({ count }) =>
          `From ${subject}, ${counted(count, 'hour')} of the audit log cannot be shown to be complete.`,
      });
    }
    return tally.findings();
  },
});
