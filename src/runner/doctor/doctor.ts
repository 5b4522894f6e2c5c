import type { WordsOf } from '../../command-line/command-row.ts';
import { harmlessLine } from '../../command-line/harmless-line.ts';
import { ServiceError } from '../../service-error.ts';
import { type Diagnosis, fail, pass } from './diagnosis.ts';
import { diagnoseJob } from './diagnose-job.ts';
import { diagnoseMetadata } from './diagnose-metadata.ts';
import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import { refuseHostileEnvironment } from '../configuration/hostile-environment.ts';
import { forgetCredential } from '../configuration/forget-credential.ts';
import { httpExchange } from '../http-exchange.ts';
import { loadFetchConfiguration } from '../configuration/load-fetch-configuration.ts';
import { parseSecretWord } from '../configuration/secret-request.ts';
import type { doctorRow } from '../command-rows.ts';
import type { Runtime } from '../runtime.ts';
import { probeBroker } from './probe-broker.ts';
import { probeReads, type WantedReads } from './probe-reads.ts';

interface Wanted extends WantedReads {
  readonly json: boolean;
}

/**
 * `doctor`: checks everything between this job and its secrets, in the recommended order, and prints for each check the
 * result and what to do. Exit code 1 if anything failed. `--secret` reads one secret by name; `--audit` explains how to
 * find its row in the vault's log; `keyturn doctor` finds it by the receipt.
 */
export async function doctor({ values }: WordsOf<typeof doctorRow>, runtime: Runtime): Promise<number> {
  const wanted = wantedReads(values);
  const found: Diagnosis[] = [];
  const configuration = diagnoseConfiguration(runtime, found);
  if (configuration !== null) {
    forgetCredential(configuration.identity, runtime.say);
    const safe = diagnoseEnvironment(runtime, configuration, found);
    found.push(...diagnoseJob(runtime.environment, configuration));
    // Request no token if a job could redirect it.
    if (safe) {
      if (configuration.gitea !== null) found.push(await diagnoseMetadata(httpExchange, configuration));
      const { identity } = configuration;
      found.push(
        ...(identity.kind === 'broker'
          ? await probeBroker(configuration, identity, wanted, runtime)
          : await probeReads(configuration, identity, wanted, runtime)),
      );
    }
  }
  process.stdout.write(wanted.json ? `${JSON.stringify({ diagnoses: found })}\n` : found.map(written).join(''));
  return found.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

function diagnoseConfiguration({ environment }: Runtime, found: Diagnosis[]): FetchConfiguration | null {
  try {
    const configuration = loadFetchConfiguration(environment);
    const vaults = `${String(configuration.vaults.length)} configured: ${configuration.vaults.map(({ name }) => name).join(', ')}`;
    found.push(pass('configuration', `identity ${configuration.identity.kind}; vaults: ${vaults}`));
    return configuration;
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    found.push(fail('configuration', `${error.code} ${JSON.stringify(error.details)}`, error.says));
    return null;
  }
}

/** Whether nothing in the environment could redirect this helper. */
function diagnoseEnvironment(
  { environment }: Runtime,
  { allowVariables }: FetchConfiguration,
  found: Diagnosis[],
): boolean {
  try {
    refuseHostileEnvironment(environment, allowVariables);
    found.push(pass('proxy and trust', 'no variable redirects this helper'));
    return true;
  } catch (error) {
    if (!ServiceError.is(error, 'ENVIRONMENT_HOSTILE')) throw error;
    const advice = 'Find the step that sets them; if the runner needs them, list them in allowVariables.';
    found.push(fail('proxy and trust', `the environment sets ${error.details.variables.join(', ')}`, advice));
    return false;
  }
}

/** @throws ServiceError COMMAND_LINE_WRONG. */
function wantedReads(values: WordsOf<typeof doctorRow>['values']): Wanted {
  const wrong = (place: string, reason: string) => new ServiceError('COMMAND_LINE_WRONG', { place, reason });
  const secret = values.secret === undefined ? null : parseSecretWord(values.secret);
  if (values.secret !== undefined && secret === null) throw wrong('--secret', 'needs [VAULT/]NAME');
  if (values.audit && secret === null) throw wrong('--audit', 'needs --secret: one read is made and looked up');
  return { json: values.json, audit: values.audit, secret };
}

function written({ layer, verdict, message, advice }: Diagnosis): string {
  const lines = [`${verdict.padEnd(4)}  ${layer}: ${message}`, ...(advice === '' ? [] : [`      → ${advice}`])];
  return lines.map((line) => `${harmlessLine(line)}\n`).join('');
}
