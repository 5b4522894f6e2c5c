import { sentenceOf } from '../../service-error.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

const ends = {
  'needs-attention': { severity: 'high', description: 'stopped and needs attention' },
  'rolled-back': { severity: 'medium', description: 'was rolled back: the old value is published again' },
  superseded: {
    severity: 'medium',
    description: 'was superseded by another publisher: neither the old nor the new credential was revoked',
  },
  frozen: { severity: 'medium', description: 'is frozen: its journal does not match the vault' },
} as const;

/** Rotations that stopped and wait for a person, were taken back, or left two credentials alive. */
export const rotationFailed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('rotation-failed');
    for (const { rotationId, vault, secret, state, newValue, failure, stateSince } of rotations) {
      const at = Date.parse(stateSince);
      // Published over before it had published, it took back what it issued: nothing is left to look at.
      if (
        !isEnd(state) ||
        (state === 'superseded' && newValue !== 'not-ended') ||
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

/** What the failure says; a journal of a later release may hold a code that this one does not know. */
function inWords(failure: string): string {
  return sentenceOf(failure) ?? `Its failure is ${failure}.`;
}
