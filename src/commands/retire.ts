import { composeKeyturn } from '../compose.ts';
import { describeEvent } from '../composition/describe-rotation.ts';
import { retireSecret } from '../rotation/retire-secret.ts';
import type { Run } from './command.ts';
import { requireRotator } from './require-rotator.ts';
import { whoAsks } from './who-asks.ts';
import type { retireRow } from './rotation-rows.ts';

/** Retires one secret. */
export const retire: Run<typeof retireRow> = async ({ values, positionals }, runtime) => {
  const { print, progress, environment } = runtime;
  const [secret = ''] = positionals;
  const { rotation, settings, keepPolicy } = await composeKeyturn(environment, {
    watch: (event) => progress(describeEvent(event)),
  });
  requireRotator('retire', settings);
  await keepPolicy();
  const reason = values.reason ?? 'asked on the command line';
  const retired = await retireSecret(rotation, { secret, by: whoAsks(), reason });
  if (values.json) print(JSON.stringify({ retired }));
  else print(`${retired.join(', ')}: retired; the credential ends when nothing speaks for its use.`);
  return 0;
};
