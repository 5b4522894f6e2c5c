import { type Diagnosis, pass, warn } from './diagnosis.ts';
import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import { exchangeFailure, type HttpExchange } from '../http-exchange.ts';
import { readTokenRefusal } from '../identity/read-token-answer.ts';

const layer = 'metadata service';
const azure = 'http://169.254.169.254';

/**
 * Checks which identities this machine offers to any process, including this job. Asks without a client id: the service
 * returns the only identity, or states that there are several. The token in its answer is dropped unread.
 */
export async function diagnoseMetadata(
  exchange: HttpExchange,
  { identity, cloud }: Pick<FetchConfiguration, 'identity' | 'cloud'>,
): Promise<Diagnosis> {
  const needed = identity.kind === 'managed-identity';
  const endpoint = needed ? identity.endpoint : azure;
  const resource = encodeURIComponent(`https://${cloud.vaultDomain}`);
  const url = `${endpoint}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${resource}`;
  try {
    const { status, body } = await exchange({ method: 'GET', url, headers: { metadata: 'true' }, timeoutMs: 3_000 });
    if (status === 200) return found('the machine offers one identity', needed);
    const reason = readTokenRefusal(body);
    if (reason === 'several_identities') return found('the machine offers several identities', needed);
    return warn(layer, `answers ${String(status)} (${reason})`, 'Check that an identity is assigned to this machine.');
  } catch (error) {
    const reason = exchangeFailure(error);
    if (!needed) return pass(layer, 'not reached from this job, and not needed');
    return warn(layer, `not reached from this job (${reason})`, 'In a container, allow 169.254.169.254.');
  }
}

function found(message: string, needed: boolean): Diagnosis {
  if (needed) return pass(layer, message);
  return warn(
    layer,
    `${message} to every job, but none is needed`,
    'Block 169.254.169.254 for jobs (DOCKER-USER), or remove the identity.',
  );
}
