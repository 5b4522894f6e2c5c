import { fault } from './fault.ts';

/** What can go wrong between an issuer and the provider of its credential, Gitea excepted. `provider` is a host or a resource id. */
export const issuerFaults = {
  ISSUER_NOT_CONFIGURED: fault<{ issuer: string; missing: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'This issuer lacks a setting. Set what is missing; docs/issuers.md lists what each issuer needs.',
  }),
  ISSUER_PACKAGE_MISSING: fault<{ issuer: string; package: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'The driver of this issuer is not installed. Install the package named.',
  }),
  PROVIDER_ACCESS_DENIED: fault<{ issuer: string; provider: string; reason: string }>({
    retry: 'after-propagation',
    effect: 'none',
    layer: 'provider',
    says: "The provider refused Keyturn's identity. Check its rights; docs/issuers.md lists the rights it needs.",
  }),
  PROVIDER_UNREACHABLE: fault<{ issuer: string; provider: string; reason: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'Could not reach the provider. Check its address and the network.',
  }),
  PROVIDER_THROTTLED: fault<{ issuer: string; provider: string; retryAfterSeconds: number | null }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'The provider cannot take this request now. Keyturn tries again later.',
  }),
  PROVIDER_ANSWER_UNCLEAR: fault<{ issuer: string; provider: string; reason: string }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'provider',
    says: "The provider's answer was lost, so it may or may not have acted. Read back before trying again.",
  }),
  PROVIDER_REQUEST_REFUSED: fault<{ issuer: string; provider: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: 'The provider rejected the request. Correct what the reason names.',
  }),
  PROVIDER_ANSWER_MALFORMED: fault<{ issuer: string; provider: string; place: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: 'The provider sent an answer that Keyturn cannot parse. Check that the target is the service that the policy names.',
  }),
  PROVIDER_STATE_REFUSED: fault<{ issuer: string; provider: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: "A rotation cannot start from the provider's current state. Correct what the reason names.",
  }),
} as const;
