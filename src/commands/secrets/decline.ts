import { composeKeyturn } from '../../compose.ts';
import { answerRequest } from '../../grants/answer-request.ts';
import { isGrantName } from '../../grants/grant-journal.ts';
import { declineRotation } from '../../rotation/approve-rotation.ts';
import type { Run } from '../command.ts';
import { requireRotator } from '../require-rotator.ts';
import { required } from '../required.ts';
import { whoAsks } from '../who-asks.ts';
import type { declineRow } from './secret-rows.ts';

/** Says no to what a rotation, or a job that asks for a secret, waits for. */
export const decline: Run<typeof declineRow> = async ({ values, positionals }, runtime) => {
  const id = required('decline', 'ID', positionals[0]);
  const reason = required('decline', '--reason', values.reason.trim());
  const { rotation, settings, grants, keepPolicy } = await composeKeyturn(runtime.environment, { now: runtime.now });
  const by = whoAsks();
  await keepPolicy();
  if (isGrantName(id)) await answerRequest(grants, { grant: id, by, says: 'decline', breakGlass: false, reason });
  else {
    requireRotator('decline', settings);
    await declineRotation(rotation, { rotationId: id, by, reason });
  }
  runtime.print(values.json ? JSON.stringify({ declined: id }) : `${id}: declined.`);
  return 0;
};
