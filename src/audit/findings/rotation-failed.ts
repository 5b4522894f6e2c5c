import { sentenceOf } from '../../service-error.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

const ends = {
  'needs-attention': { severity: 'high', says: 'stopped and needs a person' },
  'rolled-back': { severity: 'medium', says: 'was taken back: the old value is published again' },
  frozen: { severity: 'medium', says: 'stands still: its journal does not know what the vault shows' },
} as const;

/** Rotations that stopped and wait for a person, or were taken back. */
export const rotationFailed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('rotation-failed');
    for (const { rotationId, vault, secret, state, failure, claimedAt } of rotations) {
      const at = Date.parse(claimedAt);
      if (!isEnd(state) || at < period.from.getTime() || at >= period.to.getTime()) continue;
      const subject = `${vault}/${secret}`;
      tally.add({
        subject,
        key: rotationId,
        severity: ends[state].severity,
        at: claimedAt,
        evidence: rotationId,
        says: () =>
          `The rotation ${rotationId} of ${subject} ${ends[state].says}.${failure === null ? '' : ` ${inWords(failure)}`}`,
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
