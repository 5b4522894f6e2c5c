import { composeKeyturn } from '../../compose.ts';
import { answerRequest } from '../../grants/answer-request.ts';
import { isGrantName } from '../../grants/grant-journal.ts';
import { approveRotation } from '../../rotation/approve-rotation.ts';
import type { Run } from '../command.ts';
import { requireRotator } from '../require-rotator.ts';
import { required } from '../required.ts';
import { whoAsks } from '../who-asks.ts';
import type { approveRow } from './secret-rows.ts';

/** Agrees to what a rotation, or a job that asks for a secret, waits for. */
export const approve: Run<typeof approveRow> = async ({ values, positionals }, runtime) => {
  const id = required('approve', 'ID', positionals[0]);
  const reason = required('approve', '--reason', values.reason.trim());
  const breakGlass = values['break-glass'];
  const { rotation, settings, grants, keepPolicy } = await composeKeyturn(runtime.environment, { now: runtime.now });
  const by = whoAsks();
  await keepPolicy();
  if (isGrantName(id)) await answerRequest(grants, { grant: id, by, says: 'approve', breakGlass, reason });
  else {
    requireRotator('approve', settings);
    await approveRotation(rotation, { rotationId: id, by, breakGlass, reason });
  }
  if (values.json) runtime.print(JSON.stringify({ approved: id, breakGlass }));
  else runtime.print(`${id}: approved${breakGlass ? ' by break-glass, which the next report lists' : ''}.`);
  return 0;
};
