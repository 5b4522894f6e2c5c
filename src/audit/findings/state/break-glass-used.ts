import { describePerson } from '../../../provenance/person.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Approvals by break-glass: one person did what needs two. Each is a finding of its own. */
export const breakGlassUsed: FindingRuleFactory = ({ rotations, accessRequests, period }) => ({
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
    for (const { grant, request, answer } of accessRequests) {
      if (answer?.breakGlass !== true || Date.parse(answer.at) < +period.from || Date.parse(answer.at) >= +period.to)
        continue;
      const subject = `${request.vault}/${request.secret}`;
      const { by, at, reason } = answer;
      tally.add({
        subject,
        key: `${grant} ${at}`,
        severity: 'high',
        at,
        evidence: `${grant} ${at}`,
        description: () =>
          `${describePerson(by)} broke the glass to let a job of ${request.job.repository} read ${subject}: ${reason}.`,
      });
    }
    return tally.findings();
  },
});
