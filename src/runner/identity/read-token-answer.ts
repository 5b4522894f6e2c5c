import { SecretValue } from '../../secrets/secret-value.ts';
import type { AccessToken } from './access-token.ts';
import { tokenClaims } from '../job-context.ts';

/** Parses the token in a token endpoint's answer; `null` if there is none. */
export function readTokenAnswer(body: string): AccessToken | null {
  const token = member(body, 'access_token');
  if (token === null || token === '') return null;
  return readToken(new SecretValue(token));
}

/** The identity that a token states, unverified: the vault checks the token. */
export function readToken(token: SecretValue): AccessToken {
  const claims = tokenClaims(token.reveal());
  return { token, objectId: identifier(claims?.['oid']), tenantId: identifier(claims?.['tid']) };
}

/** The error code of OAuth in an answer, such as `authorization_pending`; `null` if there is none. */
export function readTokenError(body: string): string | null {
  const error = member(body, 'error') ?? '';
  return /^[a-z_]{1,40}$/.test(error) ? error : null;
}

/**
 * Why a token endpoint refused, in a form that is safe to print: an error code of Entra (`AADSTS700016`) or of the
 * metadata service (`invalid_request`), never the text around it.
 */
export function readTokenRefusal(body: string): string {
  const description = member(body, 'error_description') ?? '';
  const code = /\bAADSTS\d{4,8}\b/.exec(description)?.[0];
  if (code !== undefined) return code;
  if (description.includes('Multiple user assigned identities exist')) return 'several_identities';
  if (description.includes('Identity not found')) return 'identity_not_found';
  return readTokenError(body) ?? 'no_reason_given';
}

function member(body: string, name: string): string | null {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, name)) return null;
    const value = (answer as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function identifier(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-fA-F-]{1,64}$/.test(value) ? value.toLowerCase() : null;
}
