import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';

/** The private key of one job, and the public half as its proofs show it. */
export interface JobKey {
  readonly privateKey: KeyObject;
  /** Public JSON Web Key (RFC 8037). */
  readonly publicKey: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
}

/** Makes a new Ed25519 key. */
export function makeJobKey(): JobKey {
  return fromPrivate(generateKeyPairSync('ed25519').privateKey);
}

/** PKCS #8 in PEM, for a file that the job alone can read. */
export function exportJobKey({ privateKey }: JobKey): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Returns the key in a file; `null` if it holds no Ed25519 key. */
export function importJobKey(pem: string): JobKey | null {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? fromPrivate(key) : null;
  } catch {
    // Cut off, or something else's file.
    return null;
  }
}

/** A request to prove. `id`: unguessable and new for each request. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly at: Date;
  readonly id: string;
}

/**
 * Returns the `DPoP` header of a request: a JWT over its method, address and body, signed by the job's key.
 * Source: RFC 9449, section 4.2; `body` is a claim of Keyturn's own.
 */
export function proveRequest({ privateKey, publicKey }: JobKey, { method, url, body, at, id }: Request): string {
  const header = { typ: 'dpop+jwt', alg: 'EdDSA', jwk: publicKey };
  const claims = {
    jti: id,
    htm: method,
    htu: url,
    iat: Math.floor(at.getTime() / 1000),
    body: hash('sha256', body, 'base64url'),
  };
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

function fromPrivate(privateKey: KeyObject): JobKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: { kty: 'OKP', crv: 'Ed25519', x } };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
