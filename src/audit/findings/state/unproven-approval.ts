import { describePerson, explainNoSecondPerson } from '../../../provenance/person.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Approvals, other than by break-glass, that no second person is shown to have given: by a machine account, by somebody
 * whose identity nothing proves, or by the person who asked.
 */
export const unprovenApproval: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('unproven-approval');
    for (const { rotationId, vault, secret, approvals, askedBy } of rotations) {
      for (const { step, by, at, breakGlass } of approvals) {
        const why = explainNoSecondPerson(by, askedBy);
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
