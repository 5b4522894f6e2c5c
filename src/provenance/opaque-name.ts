import { createHash } from 'node:crypto';

/**
 * Replaces the name of a vault or secret in public logs: the first 32 hexadecimal digits of sha256 over a fixed prefix
 * and the name in lower case. A reader who knows the names can match them; others can only test a guess.
 */
export function opaqueName(name: string): string {
  return createHash('sha256').update(`keyturn-name-1\n${name.toLowerCase()}`).digest('hex').slice(0, 32);
}
