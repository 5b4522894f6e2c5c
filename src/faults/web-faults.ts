import { fault } from './fault.ts';

/** What can go wrong at the edge, where requests and events come in. */
export const webFaults = {
  API_TOKEN_NEEDS_SCOPE: fault<{ scope: string | null }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The API token has not the scope that this request needs. Where no scope is named, only a person may do this.',
  }),
  API_TOKEN_REFUSED: fault<{ reason: 'malformed' | 'unknown' | 'expired' | 'revoked' }>({
    retry: 'never',
    effect: 'none',
    layer: 'identity',
    says: 'The API token does not count, for the reason named. An operator makes a new one with keyturn token create.',
  }),
  API_TOKEN_UNKNOWN: fault<{ token: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The records hold no such API token. See keyturn token list.',
  }),
  EVENT_TOKEN_UNCHECKED: fault<{ tenantId: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'identity',
    says: "Could not fetch the tenant's keys, so the token of a delivery was not checked. Nothing was recorded.",
  }),
  FINDING_DECISION_REFUSED: fault<{ finding: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The decision was not recorded, for the reason named.',
  }),
  IDENTITY_PROVIDER_REFUSED_PORTAL: fault<{ issuer: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'identity',
    says: 'The identity provider does not accept this portal, so nobody can sign in. Check KEYTURN_OPENID_CLIENT_ID, KEYTURN_OPENID_CLIENT_SECRET, KEYTURN_OPENID_SCOPE and the redirect address at the provider.',
  }),
  IDENTITY_PROVIDER_UNREACHABLE: fault<{ issuer: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'identity',
    says: 'The identity provider did not answer as OpenID Connect requires. Nobody was signed in; try again.',
  }),
  REQUEST_FORBIDDEN: fault<{ reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'You are signed in, but your role does not allow this.',
  }),
  REQUEST_FROM_ANOTHER_SITE: fault<{ route: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'A page of another site made this request, and must not act in your name. Use the portal itself.',
  }),
  REQUEST_MALFORMED: fault<{ place: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The request is invalid at the place named.',
  }),
  REQUEST_TOO_LARGE: fault<{ limitBytes: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The request is larger than this route accepts.',
  }),
  TOO_MANY_ATTEMPTS: fault<{ retryAfterSeconds: number }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'request',
    says: 'Too many requests proved nothing, from this address or altogether, so this one was not looked at. Ask again later.',
  }),
  SERVER_NOT_STARTED: fault<{ host: string; port: number; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'The server could not listen. EADDRINUSE means that another program uses this port; choose another one with KEYTURN_PORT.',
  }),
  HOST_REFUSED: fault<{ host: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'Without an identity provider Keyturn listens on this machine only. Configure one, or listen on 127.0.0.1.',
  }),
} as const;
