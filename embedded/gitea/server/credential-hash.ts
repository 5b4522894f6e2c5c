import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** `salt:hash` of a token or a password, so that the state contains neither. A digest is enough for a double. */
export function hashCredential(value: string): string {
  const salt = randomBytes(8).toString('hex');
  return `${salt}:${digest(salt, value)}`;
}

export function matchesCredential(value: string, stored: string): boolean {
  const [salt = '', hash = ''] = stored.split(':');
  return timingSafeEqual(Buffer.from(digest(salt, value)), Buffer.from(hash.padEnd(64).slice(0, 64)));
}

function digest(salt: string, value: string): string {
  return createHash('sha256').update(`${salt}:${value}`).digest('hex');
}
