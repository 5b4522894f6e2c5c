import { userInfo } from 'node:os';
import { composeKeyturn } from '../compose.ts';
import { describeEvent, describeState } from '../composition/describe-rotation.ts';
import { listRotations, type RotationListing } from '../rotation/list-rotations.ts';
import { planRequest, requestRotation } from '../rotation/request-rotation.ts';
import { rollBackSecret } from '../rotation/roll-back-secret.ts';
import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import type { ExitCode, Run } from './command.ts';
import type { rotateRow } from './rotation-rows.ts';
import { required } from './required.ts';
import { requireRotator } from './require-rotator.ts';

/** Rotates one secret because a person asks, or rolls it back. */
export const rotate: Run<typeof rotateRow> = async ({ values, positionals }, runtime) => {
  const { print, progress, environment } = runtime;
  const [secret = ''] = positionals;
  const isRollBack = values['roll-back'];
  if (isRollBack && (values.plan || values.emergency))
    throw new ServiceError('USAGE_WRONG', {
      command: 'rotate',
      reason: '--roll-back goes with neither --plan nor --emergency',
    });
  const reason = isRollBack
    ? required('rotate', '--reason', values.reason?.trim())
    : (values.reason ?? 'asked on the command line');
  const { rotation, settings } = await composeKeyturn(environment, {
    watch: (event) => progress(describeEvent(event)),
  });
  if (values.plan) {
    const plan = await planRequest(rotation, secret);
    if (values.json) print(JSON.stringify({ plan }));
    else for (const sentence of plan) print(sentence);
    return 0;
  }
  requireRotator('rotate', settings);
  const asked = { secret, reason, by: whoAsks() };
  const rotationId = isRollBack
    ? await rollBackSecret(rotation, asked)
    : await requestRotation(rotation, { ...asked, emergency: values.emergency });
  const listed = await listRotations(rotation);
  const rotations = listed.filter((one) => one.rotationId.split('.')[0] === rotationId.split('.')[0]);
  if (values.json) print(JSON.stringify({ rotationId, rotations }));
  else for (const one of rotations) print(sentenceOf(one));
  return exitCodeOf(rotations);
};

/** The account of the machine, which proves nothing about who sits at it. */
function whoAsks(): Person {
  return { kind: 'unnamed', door: 'command-line', name: userInfo().username };
}

function sentenceOf({ rotationId, vault, secret, state, failure, awaits }: RotationListing): string {
  const waits = awaits === null ? '' : `; a second person must approve before it may ${awaits}`;
  const failed = failure === null ? '' : `; its newest failure is ${failure}`;
  return `${vault}/${secret}: rotation ${rotationId} ${describeState(state)}${waits}${failed}.`;
}

function exitCodeOf(rotations: readonly RotationListing[]): ExitCode {
  return rotations.some(({ state }) => state === 'needs-attention' || state === 'retry-wait') ? 3 : 0;
}
