import { composeKeyturn } from '../compose.ts';
import { describeEvent, describeState } from '../composition/describe-rotation.ts';
import { listRotations, type RotationListing } from '../rotation/list-rotations.ts';
import { giveGo } from '../rotation/give-go.ts';
import { planRequest } from '../rotation/plan-target.ts';
import { requestRotation } from '../rotation/request-rotation.ts';
import { rollBackSecret } from '../rotation/roll-back-rotation.ts';
import { ServiceError } from '../service-error.ts';
import type { ExitCode, Run } from './command.ts';
import type { rotateRow } from './rotation-rows.ts';
import { required } from './required.ts';
import { replaceWhatWasRead } from './replace-what-was-read.ts';
import { requireRotator } from './require-rotator.ts';
import { whoAsks } from './who-asks.ts';

/** Rotates one secret because a person asks, rolls it back, or lets first rotations begin. */
export const rotate: Run<typeof rotateRow> = async ({ values, positionals }, runtime) => {
  const { print, progress, environment } = runtime;
  requireOneWay(values);
  requireIncident(values, positionals.length > 0);
  const { 'read-by': reader, since } = values;
  if (reader !== undefined)
    return await replaceWhatWasRead({ ...values, reader, since, reason: values.reason }, runtime);
  const isRollBack = values['roll-back'];
  const secret = values.environment === undefined ? required('rotate', 'NAME', positionals[0]) : '';
  const reason = isRollBack
    ? required('rotate', '--reason', values.reason?.trim())
    : (values.reason ?? 'asked on the command line');
  const { rotation, settings, keepPolicy } = await composeKeyturn(environment, {
    watch: (event) => progress(describeEvent(event)),
  });
  if (values.plan) {
    const { sentences, complete, isRefused } = await planRequest(rotation, secret);
    if (values.json) print(JSON.stringify({ plan: sentences, complete, isRefused }));
    else for (const sentence of sentences) print(sentence);
    if (!complete) return 3;
    return isRefused ? 1 : 0;
  }
  requireRotator('rotate', settings);
  await keepPolicy();
  const asked = { secret, reason, by: whoAsks() };
  if (values.go) {
    const wanted = values.environment === undefined ? { secret } : { environment: values.environment };
    const given = await giveGo(rotation, { for: wanted, by: asked.by, reason });
    if (values.json) print(JSON.stringify({ given }));
    else print(given.length === 0 ? 'No first rotation waits for a go.' : `Go given for ${given.join(', ')}.`);
    return 0;
  }
  const rotationId = isRollBack
    ? await rollBackSecret(rotation, asked)
    : await requestRotation(rotation, { ...asked, emergency: values.emergency, create: values.create });
  const listed = await listRotations(rotation);
  const rotations = listed.filter((one) => one.rotationId.split('.')[0] === rotationId.split('.')[0]);
  if (values.json) print(JSON.stringify({ rotationId, rotations }));
  else for (const one of rotations) print(sentenceOf(one));
  return exitCodeOf(rotations);
};

interface Ways {
  readonly plan: boolean;
  readonly emergency: boolean;
  readonly 'roll-back': boolean;
  readonly go: boolean;
  readonly create: boolean;
  readonly environment?: string | undefined;
  readonly 'read-by'?: string | undefined;
  readonly since?: string | undefined;
}

/** @throws ServiceError `USAGE_WRONG` for `--read-by` with what it does not go with. */
function requireIncident(
  { 'roll-back': isRollBack, go, create, 'read-by': reader, since }: Ways,
  isNamed: boolean,
): void {
  const wrong = (reason: string) => new ServiceError('USAGE_WRONG', { command: 'rotate', reason });
  if (since !== undefined && reader === undefined) throw wrong('--since goes with --read-by alone');
  if (reader !== undefined && (isNamed || isRollBack || go || create))
    throw wrong('--read-by goes with --since, --emergency and --plan, and with no NAME');
}

/** One call asks for one thing. @throws ServiceError `USAGE_WRONG`. */
function requireOneWay(ways: Ways): void {
  const { plan, emergency, 'roll-back': isRollBack, go, create, environment } = ways;
  const wrong = (reason: string) => new ServiceError('USAGE_WRONG', { command: 'rotate', reason });
  if (isRollBack && (plan || emergency)) throw wrong('--roll-back goes with neither --plan nor --emergency');
  if (go && (plan || emergency || isRollBack || create))
    throw wrong('--go goes with none of --plan, --emergency, --roll-back and --create');
  if (environment !== undefined && !go) throw wrong('--environment goes with --go alone');
  if (create && (emergency || isRollBack)) throw wrong('--create goes with neither --emergency nor --roll-back');
}

function sentenceOf({ rotationId, vault, secret, state, failure, awaits }: RotationListing): string {
  const approval = awaits === null ? '' : `; a second person must approve before it may ${awaits}`;
  const waits = awaits === 'go' ? '; it waits for a go' : approval;
  const failed = failure === null ? '' : `; its newest failure is ${failure}`;
  return `${vault}/${secret}: rotation ${rotationId} ${describeState(state)}${waits}${failed}.`;
}

function exitCodeOf(rotations: readonly RotationListing[]): ExitCode {
  return rotations.some(({ state }) => state === 'needs-attention' || state === 'retry-wait') ? 3 : 0;
}
