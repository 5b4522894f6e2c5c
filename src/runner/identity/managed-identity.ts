import { ServiceError } from '../../service-error.ts';
import type { AccessToken, AccessTokenSource } from './access-token.ts';
import { exchangeFailure, type HttpAnswer, type HttpExchange } from '../http-exchange.ts';
import { readTokenAnswer, readTokenRefusal } from './read-token-answer.ts';
import type { Runtime } from '../runtime.ts';

const kind = 'managed-identity';

/**
 * The managed identity of this machine, from its instance metadata service. The service answers 404, 410, 429 and 5xx
 * while it is being updated (up to 70 seconds), so these are retried until `patienceMs` is over; every other failure is
 * final.
 * Source: Microsoft's guidance on retries for managed identities on virtual machines.
 */
export function managedIdentity(
  ports: { readonly exchange: HttpExchange; readonly runtime: Runtime },
  identity: { readonly clientId: string | null; readonly endpoint: string },
  patienceMs = 75_000,
): AccessTokenSource {
  const { exchange, runtime } = ports;
  return async (resource) => {
    const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
    if (identity.clientId !== null) query.set('client_id', identity.clientId);
    const url = `${identity.endpoint}/metadata/identity/oauth2/token?${query.toString()}`;
    const until = runtime.now().getTime() + patienceMs;
    for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 16_000)) {
      const answer = await ask(url);
      if (answer.status === 200) return read(answer);
      if (!transient(answer.status) || runtime.now().getTime() + pauseMs > until) throw refusal(answer);
      await runtime.wait(pauseMs);
    }
  };

  async function ask(url: string): Promise<HttpAnswer> {
    try {
      return await exchange({ method: 'GET', url, headers: { metadata: 'true' }, timeoutMs: 5_000 });
    } catch (error) {
      throw new ServiceError('IDENTITY_UNREACHABLE', { kind, reason: exchangeFailure(error) }, { cause: error });
    }
  }

  function read(answer: HttpAnswer): AccessToken {
    return readTokenAnswer(answer.body) ?? refuse(answer.status, 'no_token', 'Is something between the job and it?');
  }
}

function transient(status: number): boolean {
  return status === 404 || status === 410 || status === 429 || status >= 500;
}

const advice: Readonly<Record<string, string>> = {
  several_identities: 'This machine has several identities: set identity.clientId in the fetch configuration.',
  identity_not_found: 'Assign the identity with this client id to the virtual machine.',
};

function refusal({ status, body }: HttpAnswer): ServiceError {
  const reason = readTokenRefusal(body);
  if (status === 403) {
    return refused(
      status,
      reason,
      'A proxy or Docker Desktop answered instead: allow the job to reach 169.254.169.254.',
    );
  }
  return refused(status, reason, advice[reason] ?? 'Check that a managed identity is assigned to this machine.');
}

function refused(status: number, reason: string, message: string): ServiceError {
  return new ServiceError('IDENTITY_REFUSED', { kind, status, reason, advice: message });
}

function refuse(status: number, reason: string, message: string): never {
  throw refused(status, reason, message);
}
