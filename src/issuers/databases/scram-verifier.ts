import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { SecretValue } from '../../secrets/secret-value.ts';

// PostgreSQL's own number since version 10.
const iterations = 4096;

/**
 * Computes PostgreSQL's own verifier of a password, so that the password appears in no statement and no server log. The
 * password must be ASCII, which SASLprep does not change.
 * Source: RFC 5802, and PostgreSQL's `CREATE ROLE … PASSWORD`.
 */
export function scramVerifier(password: SecretValue, salt: Uint8Array): string {
  const salted = pbkdf2Sync(password.reveal(), salt, iterations, 32, 'sha256');
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const server = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${String(iterations)}:${Buffer.from(salt).toString('base64')}$${stored}:${server}`;
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
