import { sentenceOf } from '../../../service-error.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

const ends = {
  'needs-attention': { severity: 'high', description: 'stopped and needs attention' },
  'rolled-back': { severity: 'medium', description: 'was rolled back: the old value is published again' },
  superseded: {
    severity: 'medium',
    description: 'was superseded by another publisher: its credential is alive until nothing speaks for its use',
  },
  abandoned: { severity: 'medium', description: 'was abandoned when its secret left the policy, or was retired' },
} as const;

/** Rotations that need attention, were rolled back, or left two credentials alive. */
export const rotationFailed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('rotation-failed');
    for (const { rotationId, vault, secret, state, newValue, failure, stateSince } of rotations) {
      const at = Date.parse(stateSince);
      // If another publisher was faster, the rotation revoked what it issued, and there is nothing to review.
      if (
        !isEnd(state) ||
        ((state === 'superseded' || state === 'abandoned') && newValue !== 'in-grace') ||
        at < period.from.getTime() ||
        at >= period.to.getTime()
      )
        continue;
      const subject = `${vault}/${secret}`;
      tally.add({
        subject,
        key: rotationId,
        severity: ends[state].severity,
        at: stateSince,
        evidence: rotationId,
        description: () =>
          `The rotation ${rotationId} of ${subject} ${ends[state].description}.${failure === null ? '' : ` ${inWords(failure)}`}`,
      });
    }
    return tally.findings();
  },
});

function isEnd(state: string): state is keyof typeof ends {
  return Object.hasOwn(ends, state);
}

/** The failure's message. A later release's journal may contain a code that this one does not know. */
function inWords(failure: string): string {
  return sentenceOf(failure) ?? `Its failure is ${failure}.`;
}
