import type { TokenCredential } from '@azure/core-auth';
import { RestError } from '@azure/core-rest-pipeline';
import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import type { Vault } from '../secrets/secret-reference.ts';
import { embeddedSwitch } from './embedded-switch.ts';

export interface VaultAccess {
  readonly vault: Vault;
  readonly credential: TokenCredential;
  /** Whether the vault belongs to the embedded cloud; its address must then be on this machine. */
  readonly embedded: boolean;
  /** First word of the User-Agent, such as `keyturn-rotator/0.1.0`, which the log's rows show. */
  readonly userAgent?: string;
  /**
   * The timeout of a request; 12 seconds by default. An event drives its rotation for 15 seconds, and anything
   * unanswered by then must be read back anyway. Two minutes in the embedded cloud, which shares this machine: a late
   * answer says there only that the machine is busy.
   * Source: docs/decisions.md, "An event is a hint".
   */
  readonly answerWithinMs?: number;
}

/** A client of one vault, and metadata of its answers. */
export interface VaultClient {
  readonly client: SecretClient;
  /** The `Date` of the newest answer; `null` before the first. */
  readonly serverTime: () => Date | null;
  /** Whether the vault has accepted this client's token. Until then the SDK may send a body without one. */
  readonly authenticated: () => boolean;
}

/**
 * Opens a client without automatic retries, because a repeated `PUT` creates a second version (rotation.md section
 * 3.3).
 */
export function vaultClient({
  vault,
  credential,
  embedded,
  userAgent,
  answerWithinMs = embedded ? 120_000 : 12_000,
}: VaultAccess): VaultClient {
  let newestDate: Date | null = null;
  let accepted = false;

  const options: SecretClientOptions = {
    retryOptions: { maxRetries: 0 },
    ...(userAgent === undefined ? {} : { userAgentOptions: { userAgentPrefix: userAgent } }),
    ...embeddedSwitch({ embedded, url: vault.url }),
    additionalPolicies: [
      {
        position: 'perCall',
        policy: {
          name: 'keyturnObservation',
          async sendRequest(request, next) {
            request.timeout ||= answerWithinMs;
            const response = await next(request);
            const date = Date.parse(response.headers.get('date') ?? '');
            if (!Number.isNaN(date)) newestDate = new Date(date);
            if (request.headers.has('authorization') && response.status !== 401) accepted = true;
            // The SDK's paged operations discard an error's body; throwing here keeps it.
            if (response.status >= 400)
              throw new RestError('refused', { statusCode: response.status, request, response });
            return response;
          },
        },
      },
    ],
  };

  return {
    client: new SecretClient(vault.url, credential, options),
    serverTime: () => newestDate,
    authenticated: () => accepted,
  };
}
