import { composeKeyturn } from '../compose.ts';
import { type Check, fail } from '../composition/doctor/check.ts';
import { checkLoggedIds } from '../composition/doctor/check-logged-ids.ts';
import { checkNotifications } from '../composition/doctor/check-notifications.ts';
import { checkSeparation } from '../composition/doctor/check-separation.ts';
import { checkSources } from '../composition/doctor/check-sources.ts';
import { checkVaults } from '../composition/doctor/check-vaults.ts';
import { ServiceError } from '../service-error.ts';
import type { Run, Runtime } from './command.ts';
import type { doctorRow } from './rotation-rows.ts';

/** Says what is still missing, and the command that adds it. */
export const doctor: Run<typeof doctorRow> = async ({ values }, runtime) => {
  const checks = await examine(runtime);
  if (values.json) runtime.print(JSON.stringify({ checks }));
  else for (const line of checks.flatMap(linesOf)) runtime.print(line);
  return checks.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
};

async function examine({ environment, now, progress }: Runtime): Promise<readonly Check[]> {
  try {
    const composition = await composeKeyturn(environment, { now });
    progress('Looking at vaults, Gitea and the log …');
    const grants = composition.posture === null ? null : await composition.posture.look(now());
    return [
      { what: 'settings', verdict: 'pass', says: 'no faults', command: null },
      ...(await checkVaults(composition, grants)),
      ...(await checkSources(composition)),
      await checkLoggedIds(composition),
      ...(await checkSeparation(composition, grants)),
      await checkNotifications(composition),
    ];
  } catch (error) {
    if (ServiceError.is(error, 'SETTINGS_MALFORMED')) return error.details.faults.map((one) => fail('settings', one));
    if (ServiceError.is(error, 'POLICY_MALFORMED')) return error.details.faults.map((one) => fail('policy', one));
    if (ServiceError.is(error, 'RECORD_STORE_REFUSED') || ServiceError.is(error, 'RECORD_STORE_UNREACHABLE')) {
      return [fail('records', `${error.code}: ${error.says} (${error.details.reason})`)];
    }
    throw error;
  }
}

function linesOf({ what, verdict, says, command }: Check): readonly string[] {
  const commands = command === null ? [] : command.split('\n').map((line) => `        ${line}`);
  return [`${verdict.padEnd(5)} ${what}: ${says}`, ...commands];
}
