import { ServiceError } from '../../service-error.ts';
import type { HttpAnswer } from '../http-exchange.ts';

/** A refusal, and whether a retry may help: `wait` for roles and throttling, `again` for a failing vault. */
export interface VaultRefusal {
  readonly error: ServiceError;
  readonly next: 'fail' | 'wait' | 'again';
  /** The vault's own Retry-After. */
  readonly retryAfterMs: number | null;
}

interface Asked {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
  readonly objectId: string | null;
}

/**
 * Classifies an answer other than 200. The inner code decides, because Azure answers 403 to a missing role, a closed
 * firewall and a disabled secret alike. The caller distinguishes a 404 from a deleted secret.
 * Source: Key Vault's REST error codes; azure-sdk-for-js issues quoted in docs/fetch.md.
 */
export function vaultRefusal({ vault, name, version, objectId }: Asked, answer: HttpAnswer): VaultRefusal {
  const { status } = answer;
  const secret = name;
  const inner = innerCode(answer.body);
  if (status === 401) {
    const tenant = challengedTenant(answer.headers['www-authenticate']);
    return fail(new ServiceError('VAULT_TOKEN_REFUSED', { vault, secret, objectId, tenant }));
  }
  if (status === 403) {
    if (inner === 'SecretDisabled') return fail(new ServiceError('SECRET_DISABLED', { vault, secret, version }));
    if (inner === 'ForbiddenByFirewall' || inner === 'ForbiddenByConnection') {
      return fail(new ServiceError('VAULT_FIREWALL_CLOSED', { vault, secret, objectId }));
    }
    const error = new ServiceError('VAULT_ACCESS_DENIED', { vault, secret, objectId, reason: inner });
    // Only a role assignment takes effect with delay; an access policy takes effect at once.
    return { error, next: inner === 'ForbiddenByRbac' ? 'wait' : 'fail', retryAfterMs: null };
  }
  if (status === 404) return fail(new ServiceError('SECRET_MISSING', { vault, secret, version }));
  if (status === 429) {
    const retryAfterMs = retryAfter(answer.headers['retry-after']);
    const retryAfterSeconds = retryAfterMs === null ? null : retryAfterMs / 1000;
    return { error: new ServiceError('VAULT_THROTTLED', { vault, retryAfterSeconds }), next: 'wait', retryAfterMs };
  }
  if (status >= 500) {
    const error = new ServiceError('VAULT_UNREACHABLE', { vault, reason: `HTTP ${String(status)}` });
    return { error, next: 'again', retryAfterMs: retryAfter(answer.headers['retry-after']) };
  }
  return fail(new ServiceError('VAULT_REQUEST_REFUSED', { vault, secret, status, reason: inner }));
}

function fail(error: ServiceError): VaultRefusal {
  return { error, next: 'fail', retryAfterMs: null };
}

/** The innermost code of Azure's error body, or the outer one; only letters, so that nothing else is printed. */
function innerCode(body: string): string {
  const codes = [...body.matchAll(/"code"\s*:\s*"([A-Za-z]{1,60})"/g)].map(([, code]) => code ?? '');
  return codes.at(-1) ?? 'no_code_given';
}

/** The tenant that the vault trusts: the last part of the authority in its challenge. */
function challengedTenant(challenge: string | undefined): string | null {
  return /authorization(?:_uri)?="https?:\/\/[^/"]+\/([0-9a-fA-F-]{36})"/.exec(challenge ?? '')?.[1] ?? null;
}

/** Whole seconds; a date is not what Key Vault sends. */
function retryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : null;
}
