import { ServiceError } from '../../service-error.ts';
import type { AccessToken } from './access-token.ts';
import { exchangeFailure, type HttpAnswer } from '../http-exchange.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { readTokenAnswer, readTokenRefusal } from './read-token-answer.ts';

interface EntraRequest {
  readonly kind: string;
  readonly authority: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly resource: string;
  /** `client_secret`, or `client_assertion` with its type. */
  readonly proof: Readonly<Record<string, string>>;
}

const attempts = 3;

/** What an operator can do about Entra's errors. Source: Microsoft's list of AADSTS codes. */
const advice: Readonly<Record<string, string>> = {
  AADSTS7000222: 'The client secret has expired: create a new one, and store it where the configuration names.',
  AADSTS7000215: 'The client secret is wrong: use its value, not its id.',
  AADSTS700016: 'The tenant has no application with this client id: check tenantId and clientId.',
  AADSTS90002: 'The tenant does not exist: check tenantId.',
  AADSTS700213: 'No federated credential matches: its issuer, subject and audience must equal the token’s exactly.',
  AADSTS70021: 'No federated credential matches: its issuer, subject and audience must equal the token’s exactly.',
  AADSTS700212: 'The audience of the federated credential differs from identity.audience.',
  AADSTS700024: 'The assertion is not valid at this time: set the clock of this machine.',
  AADSTS700027: 'The certificate is not registered with the application, or has expired.',
};

/** Gets a token from Entra with client credentials. Retries twice after 429 and 5xx. */
export async function entraToken(ports: IdentityPorts, request: EntraRequest): Promise<AccessToken> {
  const { kind, authority, tenantId, clientId, resource, proof } = request;
  const url = `${authority}/${tenantId}/oauth2/v2.0/token`;
  const form = { grant_type: 'client_credentials', client_id: clientId, scope: `${resource}/.default`, ...proof };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask(new URLSearchParams(form).toString());
    const token = answer.status === 200 ? readTokenAnswer(answer.body) : null;
    if (token !== null) return token;
    if (attempt === attempts || (answer.status !== 429 && answer.status < 500)) {
      const reason = readTokenRefusal(answer.body);
      const message = advice[reason] ?? 'Look the reason up in the sign-in log of the tenant.';
      throw new ServiceError('IDENTITY_REFUSED', { kind, status: answer.status, reason, advice: message });
    }
    await ports.runtime.wait(1_000 * attempt);
  }

  async function ask(body: string): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    try {
      return await ports.exchange({
        method: 'POST',
        url,
        headers,
        body,
        timeoutMs: 10_000,
        authority: ports.authority,
      });
    } catch (error) {
      throw new ServiceError('IDENTITY_UNREACHABLE', { kind, reason: exchangeFailure(error) }, { cause: error });
    }
  }
}
