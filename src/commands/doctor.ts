import { access } from 'node:fs/promises';
import type { Tone } from '../command-line/terminal-lines.ts';
import { composeKeyturn } from '../compose.ts';
import { type Check, fail } from '../composition/doctor/check.ts';
import { examine as examineComposed } from '../composition/doctor/examine.ts';
import { ServiceError } from '../service-error.ts';
import { readSettings } from '../settings/read-settings.ts';
import type { Run, Runtime } from './command.ts';
import type { doctorRow } from './rotation-rows.ts';

const verdicts = ['fail', 'warn', 'pass'] as const satisfies readonly Check['verdict'][];

const tones = { fail: 'alarm', warn: 'attention', pass: undefined } as const satisfies Record<
  Check['verdict'],
  Tone | undefined
>;

/** Says what is still missing, and the command that adds it. */
export const doctor: Run<typeof doctorRow> = async ({ values }, runtime) => {
  const checks = await examine(runtime);
  if (values.json) runtime.print(JSON.stringify({ checks }));
  else for (const one of checks) for (const line of linesOf(one)) runtime.print(line, tones[one.verdict]);
  if (!values.json) runtime.say(`${String(checks.length)} checks: ${verdicts.map(counted(checks)).join(', ')}.`);
  return checks.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
};

async function examine({ environment, now, progress }: Runtime): Promise<readonly Check[]> {
  try {
    const absent = await absentFolder(environment);
    if (absent !== null) return [absent];
    const composition = await composeKeyturn(environment, { now });
    progress('Looking at vaults, Gitea and the log …');
    return await examineComposed(composition);
  } catch (error) {
    if (ServiceError.is(error, 'SETTINGS_MALFORMED')) return error.details.faults.map((one) => fail('settings', one));
    if (ServiceError.is(error, 'POLICY_MALFORMED')) return error.details.faults.map((one) => fail('policy', one));
    if (ServiceError.is(error, 'CONTROLS_MALFORMED')) return error.details.faults.map((one) => fail('controls', one));
    if (ServiceError.is(error, 'RECORD_STORE_REFUSED') || ServiceError.is(error, 'RECORD_STORE_UNREACHABLE')) {
      return [fail('records', `${error.code}: ${error.says} (${error.details.reason})`)];
    }
    throw error;
  }
}

/** Says that the folder for records is absent, where composing would make it: a misspelt path must not become a folder. */
async function absentFolder(environment: Runtime['environment']): Promise<Check | null> {
  const { records } = readSettings(environment);
  if (records.kind !== 'folder') return null;
  const says = `the folder ${records.directory} is absent. Correct KEYTURN_DATA, or make the folder; keyturn serve makes it at its first start`;
  const command = `install --directory --mode 0700 ${records.directory}`;
  try {
    await access(records.directory);
    return null;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isAbsent ? { what: 'records', verdict: 'fail', says, command } : null;
  }
}

function counted(checks: readonly Check[]): (verdict: Check['verdict']) => string {
  return (verdict) => `${String(checks.filter((one) => one.verdict === verdict).length)} ${verdict}`;
}

function linesOf({ what, verdict, says, command }: Check): readonly string[] {
  const commands = command === null ? [] : command.split('\n').map((line) => `        ${line}`);
  return [`${verdict.padEnd(5)} ${what}: ${says}`, ...commands];
}
