import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { SecretValue } from '../secrets/secret-value.ts';
import type { RandomBytes } from './random-text.ts';

const algorithm = 'ssh-ed25519';
// An Ed25519 private key in PKCS #8 is these bytes and the 32 of the seed (RFC 8410).
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');
const marks = { begin: '-----BEGIN OPENSSH PRIVATE KEY-----', end: '-----END OPENSSH PRIVATE KEY-----' };

/** A new Ed25519 key in the form that `ssh-keygen` writes, without a passphrase. Source: OpenSSH PROTOCOL.key. */
export function newOpensshKey(comment: string, randomBytes: RandomBytes): SecretValue {
  const seed = Buffer.from(randomBytes(32));
  const check = Buffer.from(randomBytes(4));
  const publicKey = publicKeyOf(seed);
  const secret = Buffer.concat([
    check,
    check,
    field(algorithm),
    field(publicKey),
    field(Buffer.concat([seed, publicKey])),
    field(comment),
  ]);
  // The private part is filled up to the block size of no cipher, which is 8, with 1, 2, 3, …
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicBlob(publicKey)),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return new SecretValue([marks.begin, ...lines, marks.end, ''].join('\n'));
}

/** `ssh-ed25519 AAAA…`, without a comment, of a private key that `newOpensshKey` wrote; `null` when it is none. */
export function opensshPublicLine(privateKey: SecretValue): string | null {
  const lines = privateKey.reveal().trim().split(/\r?\n/);
  if (lines[0] !== marks.begin || lines.at(-1) !== marks.end) return null;
  const whole = Buffer.from(lines.slice(1, -1).join(''), 'base64');
  const start = 'openssh-key-v1\0'.length + 8 + 8 + 4 + 4;
  const length = whole.length >= start + 4 ? whole.readUInt32BE(start) : 0;
  const blob = whole.subarray(start + 4, start + 4 + length);
  return blob.length === 51 && blob.equals(publicBlob(blob.subarray(19))) ? line(blob) : null;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function opensshFingerprint(publicLine: string): string {
  const blob = Buffer.from(publicLine.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function publicKeyOf(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([privateKeyHeader, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function publicBlob(publicKey: Buffer): Buffer {
  return Buffer.concat([field(algorithm), field(publicKey)]);
}

function line(blob: Buffer): string {
  return `${algorithm} ${blob.toString('base64')}`;
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
