import { dayMs } from '../../../secrets/duration.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Secrets whose age exceeds the policy's validity, or that are past their own expiry: Key Vault still serves an expired
 * value.
 */
export const rotationOverdue: FindingRuleFactory = () => ({
  findings({ inventory, asOf }) {
    const tally = createFindingTally('rotation-overdue');
    for (const { vault, secret, version, enabled, created, expires, ageDays, validityDays } of inventory) {
      if (!enabled) continue;
      const subject = `${vault}/${secret}`;
      const expired = expires !== null && Date.parse(expires) <= asOf;
      const tooOld = validityDays !== null && ageDays > validityDays;
      if (!expired && !tooOld) continue;
      const due = expired ? expires : new Date(Date.parse(created) + (validityDays ?? 0) * dayMs).toISOString();
      tally.add({
        subject,
        severity: 'high',
        at: due,
        evidence: `${subject}@${version}`,
        description: () =>
          expired
            ? `${subject} expired on ${due} without being rotated; it is ${String(ageDays)} days old.`
            : `${subject} is ${String(ageDays)} days old; the policy allows ${String(validityDays)}.`,
      });
    }
    return tally.findings();
  },
});
