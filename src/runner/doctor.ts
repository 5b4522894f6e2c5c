import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatReceiptLine } from '../provenance/receipt-line.ts';
import { ServiceError } from '../service-error.ts';
import { accessTokenSource } from './access-token-source.ts';
import type { AccessToken } from './access-token.ts';
import { type Diagnosis, fail, pass } from './diagnosis.ts';
import { diagnoseJob } from './diagnose-job.ts';
import { diagnoseMetadata } from './diagnose-metadata.ts';
import * as vaultLayer from './diagnose-vault.ts';
import type { FetchConfiguration } from './fetch-configuration.ts';
import { helperVersion } from './helper-version.ts';
import { refuseHostileEnvironment } from './hostile-environment.ts';
import { httpExchange } from './http-exchange.ts';
import { readJobContext } from './job-context.ts';
import { loadFetchConfiguration } from './load-fetch-configuration.ts';
import { readSecret } from './read-secret.ts';
import { startReceiptChain } from './receipt-chain.ts';
import { parseSecretWord } from './secret-request.ts';
import type { SecretRead } from './secret-read.ts';
import type { Surroundings } from './surroundings.ts';
import { vaultAddress } from './vault-address.ts';

interface Wanted {
  readonly json: boolean;
  readonly audit: boolean;
  readonly secret: { readonly vault: string | null; readonly name: string; readonly version: string | null } | null;
}

/**
 * `doctor`: looks at everything between this job and its secrets, in the order in which to check it, and says for each
 * whether it is well and what to do. Exit code 1 when anything failed. `--secret` reads one secret by name; `--audit`
 * tells how to find its row in the vault's log, which shows what of a request that log keeps.
 */
export async function doctor(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const wanted = parseWords(words);
  const found: Diagnosis[] = [];
  const configuration = diagnoseConfiguration(surroundings, found);
  if (configuration !== null) {
    const safe = diagnoseEnvironment(surroundings, configuration, found);
    found.push(...diagnoseJob(surroundings.environment, configuration));
    // No token is asked for where somebody could have it sent elsewhere.
    if (safe) {
      found.push(await diagnoseMetadata(httpExchange, configuration.identity));
      await diagnoseVaults(configuration, wanted, surroundings, found);
    }
  }
  process.stdout.write(wanted.json ? `${JSON.stringify({ diagnoses: found })}\n` : found.map(written).join(''));
  return found.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

function diagnoseConfiguration({ environment }: Surroundings, found: Diagnosis[]): FetchConfiguration | null {
  try {
    const configuration = loadFetchConfiguration(environment);
    const vaults = `${String(configuration.vaults.length)} configured: ${configuration.vaults.map(({ name }) => name).join(', ')}`;
    found.push(pass('configuration', `identity ${configuration.identity.kind}; vaults: ${vaults}`));
    return configuration;
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    found.push(fail('configuration', error.message, error.says));
    return null;
  }
}

/** Whether nothing in the environment could redirect this helper. */
function diagnoseEnvironment(
  { environment }: Surroundings,
  { allowVariables }: FetchConfiguration,
  found: Diagnosis[],
): boolean {
  try {
    refuseHostileEnvironment(environment, allowVariables);
    found.push(pass('proxy and trust', 'no variable redirects this helper'));
    return true;
  } catch (error) {
    if (!ServiceError.is(error, 'ENVIRONMENT_HOSTILE')) throw error;
    const advice = 'Find the step that sets them; what the runner needs, its operator lists in allowVariables.';
    found.push(fail('proxy and trust', `the environment sets ${error.details.variables.join(', ')}`, advice));
    return false;
  }
}

async function diagnoseVaults(
  configuration: FetchConfiguration,
  wanted: Wanted,
  surroundings: Surroundings,
  found: Diagnosis[],
): Promise<void> {
  const identity = await accessTokenSource(
    { exchange: httpExchange, surroundings, gitea: configuration.gitea },
    configuration.identity,
  );
  const lookup = readJobContext(surroundings.environment, configuration.gitea);
  const chain = startReceiptChain(lookup.found ? lookup.job.numbers : null, surroundings.nonce(4), false);
  let clockOffsetMs: number | null = null;
  for (const { name } of configuration.vaults) {
    const vault = vaultAddress(configuration, name);
    found.push(...(await vaultLayer.diagnoseWay(httpExchange, vault)));
    let token: AccessToken;
    try {
      token = await identity(vault.resource);
    } catch (error) {
      found.push(vaultLayer.diagnoseIdentityFailure(error));
      return;
    }
    found.push(vaultLayer.diagnoseToken(token));
    const read = async (secret: string, version: string | null = null): Promise<SecretRead> => {
      const ports = { exchange: httpExchange, surroundings, token, userAgent: chain.userAgent, patienceMs: 0 };
      return await readSecret(ports, {
        vault,
        name: secret,
        version,
        clientRequestId: chain.nextClientRequestId(secret),
      });
    };
    const probed = await read(vaultLayer.probe);
    clockOffsetMs = probed.clockOffsetMs ?? clockOffsetMs;
    found.push(
      vaultLayer.diagnoseRole(name, probed),
      vaultLayer.diagnoseStaging(name, await read(vaultLayer.stagingProbe)),
    );
    const { secret } = wanted;
    if (secret === null || vaultAddress(configuration, secret.vault).name !== name) continue;
    const one = await read(secret.name, secret.version);
    for (const receipt of chain.receiptsOf([one])) writeSync(2, `\n${formatReceiptLine(receipt)}\n`);
    found.push(vaultLayer.diagnoseSecret(one, surroundings.now()));
    if (wanted.audit) found.push(pass('audit', auditAdvice(one)));
  }
  found.push(vaultLayer.diagnoseClock(clockOffsetMs));
}

/** Which of the two ids a tenant's log shows is disputed, so the tenant is asked. */
function auditAdvice({ clientRequestId, requests }: SecretRead): string {
  const server = requests.at(-1)?.id ?? '(none told)';
  return [
    `in 15 minutes run this in the vault's workspace: AZKVAuditLogs | where CorrelationId in~ ("${clientRequestId}", "${server}")`,
    `| project CorrelationId, ClientInfo. ${server} there means that the log shows server ids, as Keyturn expects;`,
    `${clientRequestId} means client ids, which anybody can choose: reads are then corroborated at best. ClientInfo must begin`,
    `with keyturn/${helperVersion}.`,
  ].join(' ');
}

function parseWords(words: readonly string[]): Wanted {
  const options = { json: { type: 'boolean' }, audit: { type: 'boolean' }, secret: { type: 'string' } } as const;
  const wrong = (place: string, reason: string) => new ServiceError('COMMAND_LINE_WRONG', { place, reason });
  let values;
  try {
    ({ values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false }));
  } catch {
    throw wrong('doctor', 'takes --secret, --audit and --json');
  }
  const secret = values.secret === undefined ? null : parseSecretWord(values.secret);
  if (values.secret !== undefined && secret === null) throw wrong('--secret', 'needs [VAULT/]NAME');
  if (values.audit === true && secret === null)
    throw wrong('--audit', 'needs --secret: one read is made and looked up');
  return { json: values.json ?? false, audit: values.audit ?? false, secret };
}

function written({ layer, verdict, says, advice }: Diagnosis): string {
  return `${verdict.padEnd(4)}  ${layer}: ${says}\n${advice === '' ? '' : `      → ${advice}\n`}`;
}
