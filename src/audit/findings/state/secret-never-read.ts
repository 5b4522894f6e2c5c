import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Secrets that nobody read in the whole period: an unused secret should not exist. */
export const secretNeverRead: FindingRuleFactory = ({ period }) => ({
  findings({ inventory, asOf }) {
    const tally = createFindingTally('secret-never-read');
    for (const { vault, secret, enabled, created, reads, own } of inventory) {
      // A secret created during the period did not have the whole period to be read.
      if (own === true || !enabled || reads > 0 || Date.parse(created) > period.from.getTime()) continue;
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
