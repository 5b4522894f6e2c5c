import { composeKeyturn } from '../compose.ts';
import { describeEvent } from '../composition/describe-rotation.ts';
import { describeRotationPass } from '../composition/describe-pass.ts';
import { type Reconciled, reconcileRotations } from '../rotation/reconcile-rotations.ts';
import type { Run } from './command.ts';
import type { reconcileRow } from './rotation-rows.ts';
import { requireRotator } from './require-rotator.ts';

/** Makes one pass on demand. */
export const reconcile: Run<typeof reconcileRow> = async ({ values }, runtime) => {
  const { print, say, progress, environment } = runtime;
  const { rotation, settings, policy, keepPolicy } = await composeKeyturn(environment, {
    watch: (event) => progress(describeEvent(event)),
  });
  if (!values.plan) {
    requireRotator('reconcile', settings);
    await keepPolicy();
  }
  const { failures, ...result } = await reconcileRotations(rotation, { plan: values.plan });
  if (values.json) print(JSON.stringify(result));
  else {
    if (policy.secrets.size === 0) print('Observe mode: no policy binds a secret, so nothing is rotated.');
    for (const line of linesOf(result, values.plan)) print(line);
  }
  for (const { subject, error } of failures) say(`${subject}: ${error.says} (${error.code})`);
  return failures.length > 0 ? 3 : 0;
};

function linesOf({ counts, plan }: Pick<Reconciled, 'counts' | 'plan'>, isPlan: boolean): readonly string[] {
  if (isPlan) return plan.length > 0 ? plan : ['Nothing to do.'];
  return [describeRotationPass(counts)];
}
