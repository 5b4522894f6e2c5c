import { describePerson } from '../../../provenance/person.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Approvals by break-glass: one person did what needs two. Each is a finding of its own. */
export const breakGlassUsed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('break-glass-used');
    for (const { rotationId, vault, secret, approvals } of rotations) {
      for (const { step, by, at, breakGlass, reason } of approvals) {
        if (!breakGlass || Date.parse(at) < +period.from || Date.parse(at) >= +period.to) continue;
        const subject = `${vault}/${secret}`;
        tally.add({
          subject,
          key: `${rotationId} ${step} ${at}`,
          severity: 'high',
          at,
          evidence: `${rotationId} ${step} ${at}`,
          description: () =>
            `${describePerson(by)} broke the glass to ${step} in the rotation ${rotationId} of ${subject}${reason === null ? ', without a reason' : `: ${reason}`}.`,
        });
      }
    }
    return tally.findings();
  },
});
