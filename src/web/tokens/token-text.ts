import { hash, randomBytes } from 'node:crypto';
import { SecretValue } from '../../secrets/secret-value.ts';

/** A token as its holder sends it, split: `keyturn_ID_SECRET`. The prefix lets scanners of source code find a token that leaked. */
export interface TokenText {
  readonly id: string;
  readonly secret: SecretValue;
}

const prefix = 'keyturn_';

/** Makes a token: ten random bytes name it, and 32 prove it. */
export function newTokenText(): TokenText {
  return { id: randomBytes(10).toString('hex'), secret: new SecretValue(randomBytes(32).toString('base64url')) };
}

/** The whole token, for its holder alone. */
export function writeTokenText({ id, secret }: TokenText): SecretValue {
  return new SecretValue(`${prefix}${id}_${secret.reveal()}`);
}

/** Returns the token of an Authorization header; `null` if it carries none of ours, `malformed` if it carries no whole one. */
export function readTokenText(header: string | null): TokenText | 'malformed' | null {
  const text = /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
  if (text?.startsWith(prefix) !== true) return null;
  const [, id, secret] = /^keyturn_([0-9a-f]{20})_([\w-]{43})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? 'malformed' : { id, secret: new SecretValue(secret) };
}

/** Whether a request carries an API token of ours, whole or not. */
export function carriesToken(request: Request): boolean {
  return readTokenText(request.headers.get('authorization')) !== null;
}

/** What is stored of a secret. A plain digest: 256 random bits cannot be guessed, however fast a guess is. */
export function digestOf(secret: SecretValue): string {
  return hash('sha256', secret.reveal(), 'hex');
}
