import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { SecretValue } from '../../secrets/secret-value.ts';

/** RFC 8410: the bytes before the 32 bytes of an Ed25519 private key in PKCS #8. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const ed25519Length = 32;

/** The authentication plugins for which Keyturn computes what the server stores. */
export type MariadbPlugin = 'mysql_native_password' | 'ed25519';

export function isMariadbPlugin(name: string): name is MariadbPlugin {
  return name === 'mysql_native_password' || name === 'ed25519';
}

/**
 * What MariaDB stores for a password, so that the password appears in no statement, process list or log. `null` if the
 * plugin's form cannot be computed: MariaDB's ed25519 takes the password as the key, and Node takes keys of 32 bytes.
 * Source: MariaDB, "Authentication Plugin - ed25519" and "mysql_native_password".
 */
export function mariadbVerifier(plugin: MariadbPlugin, password: SecretValue): string | null {
  if (plugin === 'mysql_native_password') {
    const once = createHash('sha1').update(password.reveal()).digest();
    return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
  }
  const key = ed25519Key(password);
  if (key === null) return null;
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('base64').replace(/=+$/, '');
}

/** The client's answer to the server's 32 random bytes; `null` for a password of another length than the key's. */
export function ed25519Answer(password: SecretValue, nonce: Uint8Array): Buffer | null {
  const key = ed25519Key(password);
  return key === null ? null : sign(null, nonce, key);
}

function ed25519Key(password: SecretValue): KeyObject | null {
  const bytes = Buffer.from(password.reveal(), 'utf8');
  if (bytes.length !== ed25519Length) return null;
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, bytes]), format: 'der', type: 'pkcs8' });
}
