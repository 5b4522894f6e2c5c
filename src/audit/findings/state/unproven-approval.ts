import { describePerson } from '../../../provenance/person.ts';
import { explainApproval } from '../../../rotation/history/second-person.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Approvals, other than by break-glass, that no second person is shown to have given: by a machine account, by somebody
 * whose identity nothing proves, or by a person who asked, asked again or rolled back.
 */
export const unprovenApproval: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('unproven-approval');
    for (const rotation of rotations) {
      const { rotationId, vault, secret, approvals } = rotation;
      for (const { step, by, at, breakGlass } of approvals) {
        const why = explainApproval(rotation, { by, at });
        if (breakGlass || why === null || Date.parse(at) < +period.from || Date.parse(at) >= +period.to) continue;
        const subject = `${vault}/${secret}`;
        tally.add({
          subject,
          key: `${rotationId} ${step} ${at}`,
          severity: 'high',
          at,
          evidence: `${rotationId} ${step} ${at}`,
          description: () =>
            `${describePerson(by)} approved to ${step} in the rotation ${rotationId} of ${subject}: ${why}.`,
        });
      }
    }
    return tally.findings();
  },
});
