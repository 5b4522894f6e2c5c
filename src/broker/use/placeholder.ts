import { hash } from 'node:crypto';
import { placeholderPrefix } from '../../provenance/use-exchange.ts';

/**
 * What a session is given in the place of a secret's value. Derived, so that every broker over one store knows it and none
 * keeps it. It opens nothing: a use is asked for with the key of the session.
 * `secret`: `vault/name`.
 */
export function placeholderOf(
  { session, key }: { readonly session: string; readonly key: string },
  secret: string,
): string {
  const digest = hash('sha256', ['keyturn use', session, key, secret.toLowerCase()].join('\n'), 'buffer');
  return `${placeholderPrefix}${digest.subarray(0, 24).toString('base64url')}`;
}
