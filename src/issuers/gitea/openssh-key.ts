import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { SecretValue } from '../../secrets/secret-value.ts';
import type { RandomBytes } from '../shared/random-text.ts';

const algorithm = 'ssh-ed25519';
// An Ed25519 private key in PKCS #8 is these bytes and the 32 of the seed (RFC 8410).
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');
const marks = { begin: '-----BEGIN OPENSSH PRIVATE KEY-----', end: '-----END OPENSSH PRIVATE KEY-----' };

/** Creates an Ed25519 key in the form of `ssh-keygen`, without a passphrase. Source: OpenSSH PROTOCOL.key. */
export function newOpensshKey(comment: string, randomBytes: RandomBytes): SecretValue {
  const whole = encode(Buffer.from(randomBytes(32)), Buffer.from(randomBytes(4)), Buffer.from(comment));
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return new SecretValue([marks.begin, ...lines, marks.end, ''].join('\n'));
}

/**
 * `ssh-ed25519 AAAA…`, without a comment, of an unencrypted Ed25519 key; `null` if the value is not one. The key is
 * rebuilt from its seed and compared completely, so that a damaged key with an intact public half is refused.
 */
export function opensshPublicLine(privateKey: SecretValue): string | null {
  const lines = privateKey.reveal().trim().split(/\r?\n/);
  if (lines[0] !== marks.begin || lines.at(-1) !== marks.end) return null;
  const whole = Buffer.from(lines.slice(1, -1).join(''), 'base64');
  // Magic word, then cipher, key derivation and its options, all `none`, and the number of keys.
  const blob = fieldAt(whole, 'openssh-key-v1\0'.length + 8 + 8 + 4 + 4);
  const secret = blob === null ? null : fieldAt(whole, blob.end);
  // Two check numbers of four bytes, the algorithm, the public key; then seed and public key as one field.
  const pair = secret === null ? null : fieldAt(secret.content, 8 + 4 + algorithm.length + 4 + 32);
  const comment = secret === null || pair === null ? null : fieldAt(secret.content, pair.end);
  if (secret === null || comment === null || pair?.content.length !== 64) return null;
  const seed = pair.content.subarray(0, 32);
  if (!encode(seed, secret.content.subarray(0, 4), comment.content).equals(whole)) return null;
  return `${algorithm} ${publicBlob(derivePublicKey(seed)).toString('base64')}`;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function opensshFingerprint(publicLine: string): string {
  const blob = Buffer.from(publicLine.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function encode(seed: Buffer, check: Buffer, comment: Buffer): Buffer {
  const publicKey = derivePublicKey(seed);
  const pair = Buffer.concat([seed, publicKey]);
  const secret = Buffer.concat([check, check, field(algorithm), field(publicKey), field(pair), field(comment)]);
  // The private part is padded with 1, 2, 3, … to a multiple of 8, the block size without a cipher.
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  return Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicBlob(publicKey)),
    field(Buffer.concat([secret, padding])),
  ]);
}

function derivePublicKey(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([privateKeyHeader, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function publicBlob(publicKey: Buffer): Buffer {
  return Buffer.concat([field(algorithm), field(publicKey)]);
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Returns the field at an offset and its end, or `null` if the bytes are too short. */
function fieldAt(bytes: Buffer, offset: number): { readonly content: Buffer; readonly end: number } | null {
  if (bytes.length < offset + 4) return null;
  const end = offset + 4 + bytes.readUInt32BE(offset);
  return bytes.length < end ? null : { content: bytes.subarray(offset + 4, end), end };
}
