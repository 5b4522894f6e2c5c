import type { RotationHistory, RotationStop } from '../../../rotation/history/rotation-history.ts';
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

/**
 * Rotations that needed attention, were rolled back, or left two credentials alive in the period, those that were repaired
 * since among them: with the end that the journal tells.
 */
export const rotationFailed: FindingRuleFactory = ({ rotations, period }) => ({
  findings() {
    const tally = createFindingTally('rotation-failed');
    for (const rotation of rotations) {
      const { rotationId, vault, secret, newValue } = rotation;
      const subject = `${vault}/${secret}`;
      for (const { state, at, failure, ended } of stopsOf(rotation)) {
        // If another publisher was faster, the rotation revoked what it issued, and there is nothing to review.
        const isHarmless = (state === 'superseded' || state === 'abandoned') && newValue !== 'in-grace';
        if (isHarmless || Date.parse(at) < period.from.getTime() || Date.parse(at) >= period.to.getTime()) continue;
        const key = `${rotationId} ${at}`;
        tally.add({
          subject,
          key,
          severity: ends[state].severity,
          at,
          evidence: key,
          description: () =>
            `The rotation ${rotationId} of ${subject} ${ends[state].description}.${failure === null ? '' : ` ${inWords(failure)}`}`,
        });
        if (ended !== null) tally.end(subject, key, { at: ended.at, by: `rotation ${rotationId}: ${ended.state}` });
      }
    }
    return tally.findings();
  },
});

/** Where the history tells no stops, the present state is all that is known. */
function stopsOf({ stops, state, stateSince, failure }: RotationHistory): readonly RotationStop[] {
  if (stops !== undefined) return stops;
  return isEnd(state) ? [{ state, at: stateSince, failure, ended: null }] : [];
}

function isEnd(state: string): state is keyof typeof ends {
  return Object.hasOwn(ends, state);
}

/** The failure's message. A later release's journal may contain a code that this one does not know. */
function inWords(failure: string): string {
  return sentenceOf(failure) ?? `Its failure is ${failure}.`;
}
