import type { FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

/** Secrets that nobody read in the whole period: what is not needed should not exist. */
export const secretNeverRead: FindingRuleFactory = ({ period }) => ({
  findings({ inventory, asOf }) {
    const tally = createFindingTally('secret-never-read');
    for (const { vault, secret, enabled, created, reads } of inventory) {
      // One that is younger than the period had not the whole of it.
      if (!enabled || reads > 0 || Date.parse(created) > period.from.getTime()) continue;
      const subject = `${vault}/${secret}`;
      tally.add({
        subject,
        severity: 'low',
        at: period.from.toISOString(),
        evidence: subject,
        description: () =>
          `Nobody read ${subject} from ${period.from.toISOString()} to ${new Date(asOf).toISOString()}.`,
      });
    }
    return tally.findings();
  },
});
