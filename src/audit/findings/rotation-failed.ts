import type { FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

const severities = { 'needs-attention': 'high', 'rolled-back': 'medium', frozen: 'medium' } as const;

/** Rotations that stopped and wait for a person, or were taken back. */
export const rotationFailed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('rotation-failed');
    for (const { rotationId, vault, secret, state, failure, claimedAt } of rotations) {
      const at = Date.parse(claimedAt);
      if (!(state in severities) || at < period.from.getTime() || at >= period.to.getTime()) continue;
      const subject = `${vault}/${secret}`;
      tally.add({
        subject,
        key: rotationId,
        severity: severities[state as keyof typeof severities],
        at: claimedAt,
        evidence: rotationId,
        says: () => `The rotation ${rotationId} of ${subject} is ${state}${failure === null ? '' : ` (${failure})`}.`,
      });
    }
    return tally.findings();
  },
});
