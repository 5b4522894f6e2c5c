import type { RotationHistory, RotationStop } from '../../../rotation/history/rotation-history.ts';
import { compareText } from '../../../provenance/compare-text.ts';
import type { Finding } from '../../model/finding.ts';
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
      const { vault, secret, newValue } = rotation;
      const subject = `${vault}/${secret}`;
      for (const { rotationId, state, at, failure, ended } of stopsOf(rotation)) {
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
        const end =
          ended === null
            ? repairOf(rotation, state, at, rotations)
            : { at: ended.at, by: `rotation ${rotationId}: ${ended.state}` };
        if (end !== null) tally.end(subject, key, end);
      }
    }
    return tally.findings();
  },
});

/** A rotation that stopped for good is repaired by the next one of its secret that is published. */
function repairOf(
  { vault, secret }: RotationHistory,
  state: RotationStop['state'],
  at: string,
  rotations: readonly RotationHistory[],
): Finding['ended'] {
  if (state !== 'needs-attention') return null;
  const published = rotations
    .filter((other) => other.vault === vault && other.secret === secret)
    .flatMap(({ rotationId, publishedAt }) =>
      publishedAt !== null && publishedAt > at ? [{ at: publishedAt, by: `rotation ${rotationId}: published` }] : [],
    );
  return published.sort((one, other) => compareText(one.at, other.at))[0] ?? null;
}

/** Where the history tells no stops, the present state is all that is known. */
function stopsOf({ stops, rotationId, state, stateSince, failure }: RotationHistory): readonly RotationStop[] {
  if (stops !== undefined) return stops;
  return isEnd(state) ? [{ rotationId, state, at: stateSince, failure, ended: null }] : [];
}

function isEnd(state: string): state is keyof typeof ends {
  return Object.hasOwn(ends, state);
}

/** The failure's message. A later release's journal may contain a code that this one does not know. */
function inWords(failure: string): string {
  return sentenceOf(failure) ?? `Its failure is ${failure}.`;
}
