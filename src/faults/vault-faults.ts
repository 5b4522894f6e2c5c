import { fault } from './fault.ts';

/** What can go wrong between Keyturn and a key vault. */
export const vaultFaults = {
  VAULT_ACCESS_DENIED: fault<{ vault: string; secret: string | null; objectId: string | null; reason: string }>(
    'after-propagation',
    'The vault refused this identity. Check its role assignment first; a new one takes minutes to reach the vault.',
  ),
  VAULT_THROTTLED: fault<{ vault: string; retryAfterSeconds: number | null }>('backoff', 'The vault is throttling.'),
  VAULT_ANSWER_UNCLEAR: fault<{ vault: string; secret: string | null; status: number | null }>(
    'never',
    'The vault may or may not have acted. Read back before trying again.',
  ),
  VAULT_UNREACHABLE: fault<{ vault: string; reason: string }>(
    'backoff',
    'The vault could not be reached. Check name resolution, the firewall and the private endpoint.',
  ),
  VAULT_REQUEST_REFUSED: fault<{ vault: string; secret: string | null; status: number; reason: string }>(
    'never',
    'The vault refused the request as it stands. Correct what the reason names.',
  ),
  SECRET_DISABLED: fault<{ vault: string; secret: string; version: string | null }>(
    'never',
    'The newest version of this secret is disabled, so that every reader of the latest version is refused. Enable it or set a new version.',
  ),
  SECRET_SOFT_DELETED: fault<{ vault: string; secret: string }>(
    'never',
    'A deleted secret holds this name until it is recovered or purged. Recover it first.',
  ),
  IDENTITY_UNAVAILABLE: fault<{ vault: string; reason: string }>(
    'backoff',
    'No token could be had for the identity that the settings name, so the vault was not asked. Check KEYTURN_IDENTITY_KIND and what belongs to it.',
  ),
} as const;
