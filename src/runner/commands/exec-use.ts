import { ServiceError } from '../../service-error.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import type { ParentWatch } from '../delivery/parent-watch.ts';
import { httpExchange } from '../http-exchange.ts';
import { readAuthority } from '../identity/read-authority.ts';
import type { Runtime } from '../runtime.ts';
import type { Session } from '../session.ts';
import type { ExecOptions } from './exec-options.ts';

interface Call {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly requests: readonly SecretRequest[];
  readonly parent: ParentWatch;
}

/** What would lead a jailed command out, or tell it who the job is. */
const notKept = /^(ACTIONS_|KEYTURN_|AZURE_|IDENTITY_|SSH_AUTH_SOCK$|DOCKER_HOST$)/;

/**
 * `exec --use`: refuses what needs the value itself, and runs the command without it. The code for this is loaded here, so
 * that a job that does not need it does not wait for it.
 * @throws ServiceError COMMAND_LINE_WRONG, USE_NOT_JAILED, and what the broker refuses
 */
export async function execUse(options: ExecOptions, { runtime, session, requests, parent }: Call): Promise<number> {
  const { configuration, job } = session;
  const { identity: broker } = configuration;
  if (broker.kind !== 'broker')
    return refuseUse('needs a broker, which the configuration of this runner does not name');
  if (options.pinRun || options.retryOn.length > 0)
    refuseUse('cannot be used with --pin-run, --pin-file or --retry-on');
  const kept = options.keep.find((name) => notKept.test(name));
  if (kept !== undefined) refuseUse('keeps from the command what it would need to leave the jail: leave out --keep');
  for (const request of requests) checkRequest(request);
  const authority = readAuthority(configuration.authorityFile);
  const { command, pristine, keep } = options;
  const { patienceMs } = session;
  const ports = { configuration, broker, job, exchange: httpExchange, runtime, authority, patienceMs };
  const { execWithoutHolding } = await import('../use/exec-without-holding.ts');
  return await execWithoutHolding({ ports, requests, command, pristine, keep, parent });
}

function checkRequest({ version, pointer, target, minimumLifeMs, required }: SecretRequest): void {
  if (version !== null) refuseUse('takes the newest version of a secret: name none');
  if (pointer !== null) refuseUse('uses whole values: a pointer into one needs the value');
  if (target.kind === 'descriptor') refuseUse('hands over placeholders in variables and files, not on descriptors');
  if (minimumLifeMs > 0) refuseUse('does not see when a version expires: leave out `life`');
  if (!required) refuseUse('does not see which secrets there are: leave out `required: false`');
}

/** @throws ServiceError COMMAND_LINE_WRONG */
export function refuseUse(reason: string): never {
  throw new ServiceError('COMMAND_LINE_WRONG', { place: '--use', reason });
}
