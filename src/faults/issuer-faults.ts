import { fault } from './fault.ts';

/** What can go wrong between an issuer and the provider of its credential, Gitea excepted. `provider` is a host or a resource id. */
export const issuerFaults = {
  ISSUER_NOT_CONFIGURED: fault<{ issuer: string; missing: string }>(
    'never',
    'This issuer cannot work before a setting is given. Set what is missing; docs/issuers.md lists what each issuer needs.',
  ),
  ISSUER_PACKAGE_MISSING: fault<{ issuer: string; package: string }>(
    'never',
    'The driver of this issuer is not installed. Install the package named.',
  ),
  PROVIDER_ACCESS_DENIED: fault<{ issuer: string; provider: string; reason: string }>(
    'after-propagation',
    'The provider refused the identity that Keyturn acts with. Check its rights; docs/issuers.md lists those it needs.',
  ),
  PROVIDER_UNREACHABLE: fault<{ issuer: string; provider: string; reason: string }>(
    'backoff',
    'The provider could not be reached. Check its address and network.',
  ),
  PROVIDER_THROTTLED: fault<{ issuer: string; provider: string; retryAfterSeconds: number | null }>(
    'backoff',
    'The provider is throttling.',
  ),
  PROVIDER_ANSWER_UNCLEAR: fault<{ issuer: string; provider: string; reason: string }>(
    'never',
    'The provider may or may not have acted. Read back before trying again.',
  ),
  PROVIDER_REQUEST_REFUSED: fault<{ issuer: string; provider: string; reason: string }>(
    'never',
    'The provider refused the request as it stands. Correct what the reason names.',
  ),
  PROVIDER_ANSWER_MALFORMED: fault<{ issuer: string; provider: string; place: string }>(
    'never',
    'The provider answered in a shape that Keyturn does not know.',
  ),
  PROVIDER_STATE_REFUSED: fault<{ issuer: string; provider: string; reason: string }>(
    'never',
    'What is at the provider is not what a rotation may start from. Look at what the reason names.',
  ),
} as const;
