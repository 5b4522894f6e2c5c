import { fault } from './fault.ts';

/** What can go wrong between Keyturn and a key vault. */
export const vaultFaults = {
  VAULT_ACCESS_DENIED: fault<{ vault: string; secret: string | null; objectId: string | null; reason: string }>({
    retry: 'after-propagation',
    effect: 'none',
    layer: 'vault',
    says: 'The vault refused this identity. Check its role assignment first; a new one takes minutes to reach the vault.',
  }),
  VAULT_THROTTLED: fault<{ vault: string; retryAfterSeconds: number | null }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'vault',
    says: 'The vault is throttling requests. Try again later; the service does so by itself.',
  }),
  VAULT_ANSWER_UNCLEAR: fault<{ vault: string; secret: string | null; status: number | null }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'vault',
    says: "The vault's answer was lost, so it may or may not have acted. Read back before trying again.",
  }),
  VAULT_UNREACHABLE: fault<{ vault: string; reason: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'vault',
    says: 'Could not reach the vault. Check name resolution, the firewall and the private endpoint.',
  }),
  VAULT_REQUEST_REFUSED: fault<{ vault: string; secret: string | null; status: number; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'vault',
    says: 'The vault rejected the request. Correct what the reason names.',
  }),
  SECRET_DISABLED: fault<{ vault: string; secret: string; version: string | null }>({
    retry: 'never',
    effect: 'none',
    layer: 'vault',
    says: 'The newest version of this secret is disabled, so the vault refuses every reader of the latest version. Enable it, or set a new version.',
  }),
  SECRET_SOFT_DELETED: fault<{ vault: string; secret: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'vault',
    says: 'A deleted secret holds this name until it is recovered or purged. Recover it first.',
  }),
  IDENTITY_UNAVAILABLE: fault<{ vault: string; reason: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'identity',
    says: 'Could not get a token for the configured identity, so Keyturn did not call the vault. Check KEYTURN_IDENTITY_KIND and the settings that belong to it.',
  }),
} as const;
