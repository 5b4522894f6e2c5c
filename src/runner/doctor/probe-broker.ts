import { ServiceError } from '../../service-error.ts';
import { brokerReads } from '../broker/broker-reads.ts';
import type { BrokerConfiguration, FetchConfiguration } from '../configuration/fetch-configuration.ts';
import { httpExchange } from '../http-exchange.ts';
import { readAuthority } from '../identity/read-authority.ts';
import { readJobContext } from '../job-context.ts';
import type { Runtime } from '../runtime.ts';
import { diagnoseJail } from './diagnose-jail.ts';
import { type Diagnosis, fail, pass } from './diagnosis.ts';
import type { WantedReads } from './probe-reads.ts';

/**
 * Probes the broker for `doctor`: the key of the job, its session, and the requested secret. The session and the read are
 * those of any step, on the broker's record.
 */
export async function probeBroker(
  configuration: FetchConfiguration,
  broker: BrokerConfiguration,
  { secret }: WantedReads,
  runtime: Runtime,
): Promise<readonly Diagnosis[]> {
  const lookup = readJobContext(runtime.environment, configuration.gitea);
  const job = lookup.found ? lookup.job : null;
  const authority = readAuthority(configuration.authorityFile);
  const reads = brokerReads({ configuration, broker, job, exchange: httpExchange, runtime, authority, patienceMs: 0 });
  try {
    await reads.open();
  } catch (error) {
    return [failed('broker', error)];
  }
  const confirmed = pass('broker', 'Gitea confirms this job, and the broker knows its key');
  const opened = [confirmed, await diagnoseJail(broker)];
  if (secret === null) return opened;
  const target = { kind: 'environment', variable: 'DOCTOR' } as const;
  try {
    await reads.fetch([{ ...secret, target, pointer: null, required: true, minimumLifeMs: 0 }]);
    return [...opened, pass(`secret ${secret.name}`, 'the broker gives it to this job')];
  } catch (error) {
    return [...opened, failed(`secret ${secret.name}`, error)];
  }
}

function failed(layer: string, error: unknown): Diagnosis {
  if (!ServiceError.is(error)) throw error;
  return fail(layer, error.message, error.says);
}
