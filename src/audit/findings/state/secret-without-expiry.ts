import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Secrets that never expire: no event will ever announce that they are due. */
export const secretWithoutExpiry: FindingRuleFactory = () => ({
  findings({ inventory }) {
    const tally = createFindingTally('secret-without-expiry');
    for (const { vault, secret, version, enabled, created, expires } of inventory) {
      if (!enabled || expires !== null) continue;
      const subject = `${vault}/${secret}`;
      tally.add({
        subject,
        severity: 'medium',
        at: created,
        evidence: `${subject}@${version}`,
        description: () => `${subject} has no expiry date, so no event will announce that it is due.`,
      });
    }
    return tally.findings();
  },
});
