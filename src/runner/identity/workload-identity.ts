import { readFileSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import type { AccessTokenSource } from './access-token.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { entraToken } from './entra-token.ts';
import type { IdentityConfiguration } from '../configuration/fetch-configuration.ts';
import { exchangeFailure } from '../http-exchange.ts';

const kind = 'workload-identity';

/**
 * Workload identity federation: exchanges a token about this job, from a file or from Gitea's id-token endpoint, for an
 * Entra token. The endpoint's contract is GitHub's: `GET URL&audience=…` with a bearer token, and `value` in the
 * answer. Its address comes from the job's environment, so it must be on the configured Gitea.
 */
export function workloadIdentity(
  ports: IdentityPorts,
  identity: Extract<IdentityConfiguration, { kind: 'workload-identity' }>,
): AccessTokenSource {
  return async (resource) => {
    const assertion = identity.tokenFile === null ? await askForToken() : readToken(identity.tokenFile);
    const proof = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
    return await entraToken(ports, { ...identity, resource, proof });
  };

  async function askForToken(): Promise<string> {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: address = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer = '' } =
      ports.runtime.environment;
    const url = URL.parse(address);
    if (url === null || bearer === '') {
      return refuse(
        0,
        'no_id_token_endpoint',
        'Allow the job to request id tokens: `enable-openid-connect: true` on Forgejo.',
      );
    }
    if (url.origin !== URL.parse(ports.gitea ?? '')?.origin) {
      return refuse(0, 'foreign_id_token_endpoint', 'The endpoint is on another host than the configured Gitea.');
    }
    url.searchParams.set('audience', identity.audience);
    try {
      const headers = { authorization: `Bearer ${bearer}`, accept: 'application/json' };
      const { authority } = ports;
      const answer = await ports.exchange({ method: 'GET', url: url.href, headers, timeoutMs: 10_000, authority });
      const token = /"value"\s*:\s*"([\w-]+\.[\w-]+\.[\w-]*)"/.exec(answer.body)?.[1];
      return token ?? refuse(answer.status, 'no_id_token', 'Check that this Gitea offers id tokens to this workflow.');
    } catch (error) {
      if (ServiceError.is(error)) throw error;
      throw new ServiceError('IDENTITY_UNREACHABLE', { kind, reason: exchangeFailure(error) }, { cause: error });
    }
  }
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ServiceError('IDENTITY_FILE_UNREADABLE', { kind, file, reason: exchangeFailure(cause) }, { cause });
  }
}

function refuse(status: number, reason: string, message: string): never {
  throw new ServiceError('IDENTITY_REFUSED', { kind, status, reason, advice: message });
}
