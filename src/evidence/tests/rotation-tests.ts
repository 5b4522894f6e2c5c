import {
  judgeApprovals,
  judgeEmergencies,
  judgeOldValues,
  judgePlaces,
} from '../../audit/criteria/rotation-criteria.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { ControlTestFactory } from './control-test.ts';
import { verdictTest } from './verdict-test.ts';

/** The states after which nothing more becomes of a rotation. */
const over: ReadonlySet<RotationHistory['state']> = new Set(['done', 'superseded', 'rolled-back', 'abandoned']);

/** Tests over the rotations of the period. */
export const rotationTests: Readonly<Record<string, ControlTestFactory>> = {
  'rotations-finish': ({ rotations }, tally) => ({
    finish(audited) {
      const failed = audited.findings.filter(({ rule }) => rule === 'rotation-failed');
      for (const rotation of rotations) {
        const { rotationId, vault, secret, state } = rotation;
        const ids = new Set([rotationId, ...(rotation.stops ?? []).map((stop) => stop.rotationId)]);
        const stop = failed.find(({ evidence }) => evidence.some((one) => ids.has(one.split(' ')[0] ?? '')));
        if (stop !== undefined)
          tally.deviate({
            event: rotationId,
            at: stop.firstAt,
            subject: `${vault}/${secret}`,
            why: stop.description,
          });
        else if (state === 'needs-attention') tally.skip('that stopped outside the period');
        else if (over.has(state)) tally.keep();
        else tally.skip('that had not reached its end');
      }
    },
  }),
  'old-values-end': verdictTest(judgeOldValues),
  'places-served': verdictTest((material, { asOf }) => judgePlaces(material, asOf.getTime())),
  'approvals-given': verdictTest(judgeApprovals),
  'emergency-acts-reasoned': verdictTest(judgeEmergencies),
};
