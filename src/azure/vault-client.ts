import type { TokenCredential } from '@azure/core-auth';
import { RestError } from '@azure/core-rest-pipeline';
import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import type { Vault } from '../secrets/secret-reference.ts';
import { embeddedSwitch } from './embedded-switch.ts';

export interface VaultAccess {
  readonly vault: Vault;
  readonly credential: TokenCredential;
  /** Whether the vault is one of the embedded cloud; then its address must be of this machine. */
  readonly embedded: boolean;
  /** First word of the User-Agent, such as `keyturn-rotator/0.1.0`: the log's rows show it. */
  readonly userAgent?: string;
  /**
   * A request hangs no longer than this; 12 seconds when not given. An event's rotation is driven for 15, and what was
   * not answered by then has to be read back anyway. Source: docs/decisions.md, "An event is a hint".
   */
  readonly answerWithinMs?: number;
}

/** One client of one vault, and what its answers tell beside their content. */
export interface VaultClient {
  readonly client: SecretClient;
  /** The `Date` of the newest answer; `null` before the first. */
  readonly serverTime: () => Date | null;
  /** Whether the vault has accepted a token of this client. Until then the SDK may send a body without one. */
  readonly authenticated: () => boolean;
}

/** Opens a client that repeats nothing by itself: a repeated `PUT` is a second version (rotation.md section 3.3). */
export function vaultClient({
  vault,
  credential,
  embedded,
  userAgent,
  answerWithinMs = 12_000,
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
            // Paged operations of the SDK throw the body of an error away; thrown from here every failure keeps it.
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
