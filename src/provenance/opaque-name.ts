import { createHash } from 'node:crypto';

/**
 * What stands for the name of a vault or a secret where logs are open to everybody: the first 32 hexadecimal digits of
 * sha256 over a fixed prefix and the name in lower case. Whoever knows the names can match it, whoever does not learns
 * nothing but a guess's truth.
 */
export function opaqueName(name: string): string {
  return createHash('sha256').update(`keyturn-name-1\n${name.toLowerCase()}`).digest('hex').slice(0, 32);
}
