import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { SecretValue } from '../../secrets/secret-value.ts';
import type { RandomBytes } from '../shared/random-text.ts';

/** A private key with its certificate. */
export interface KeyWithCertificate {
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
}

// sha256WithRSAEncryption with its parameters, which are NULL (RFC 4055).
const rsaWithSha256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const commonName = Buffer.from('0603550403', 'hex');

/**
 * Creates a 2048-bit RSA key and a self-signed certificate, concatenated as PEM: the form that the SDKs read. Entra
 * checks only the certificate's key and expiry.
 * Source: RFC 5280.
 */
export function newSelfSignedCertificate(subject: string, from: Date, to: Date, randomBytes: RandomBytes): SecretValue {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = sequence(set(sequence(commonName, element(0x0c, Buffer.from(subject)))));
  // A serial number is positive and at most 20 bytes; the highest bit must not be set.
  const serial = Buffer.concat([Buffer.from([0x4b]), Buffer.from(randomBytes(15))]);
  const unsigned = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, serial),
    rsaWithSha256,
    name,
    sequence(time(from), time(to)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = element(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', unsigned, privateKey)]));
  const certificate = new X509Certificate(sequence(unsigned, rsaWithSha256, signature));
  return new SecretValue(`${String(privateKey.export({ format: 'pem', type: 'pkcs8' }))}${certificate.toString()}`);
}

/** Parses key and certificate from PEM text. Returns `null` if either is missing or they do not match. */
export function readKeyWithCertificate(value: SecretValue): KeyWithCertificate | null {
  const [key] =
    /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]+-----END (?:RSA )?PRIVATE KEY-----/.exec(value.reveal()) ?? [];
  const [pem] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(value.reveal()) ?? [];
  if (key === undefined || pem === undefined) return null;
  try {
    const privateKey = createPrivateKey(key);
    const certificate = new X509Certificate(pem);
    const whole = certificate.publicKey.equals(createPublicKey(privateKey)) && isConsistent(privateKey);
    return whole ? { privateKey, certificate } : null;
  } catch {
    // OpenSSL's message may quote the text.
    return null;
  }
}

/** Signs a JSON Web Token with RS256 that names its certificate, in the form that Entra and Graph accept. */
export function signedAssertion(
  { privateKey, certificate }: KeyWithCertificate,
  claims: Readonly<Record<string, string | number>>,
): string {
  const header = { alg: 'RS256', typ: 'JWT', x5t: createHash('sha1').update(certificate.raw).digest('base64url') };
  const body = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`;
}

/**
 * Whether the CRT parameters of an RSA key are consistent: OpenSSL works around a damaged key, other libraries do not.
 */
function isConsistent(privateKey: KeyObject): boolean {
  const jwk = privateKey.export({ format: 'jwk' });
  const [n, d, p, q, dp, dq, qi] = [jwk.n, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map(decodeNumber);
  if (n === undefined || d === undefined || p === undefined || q === undefined || qi === undefined) return false;
  return p * q === n && dp === d % (p - 1n) && dq === d % (q - 1n) && (qi * q) % p === 1n;
}

function decodeNumber(part: string | undefined): bigint {
  return BigInt(`0x0${Buffer.from(part ?? '', 'base64url').toString('hex')}`);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

function encodeLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([Buffer.from([tag, ...encodeLength(length)]), content]);
}
