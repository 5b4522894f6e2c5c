import { randomBytes } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';

/** What a token is for. One that was sealed for another purpose does not open. */
type TokenPurpose = 'session' | 'sign-in-attempt' | 'sign-in-link';

export interface OpenedToken {
  /** Names this token alone, so that it can be spent. */
  readonly id: string;
  readonly endsAt: Date;
  /** As it was sealed, through JSON. */
  readonly content: unknown;
}

/** Tokens that browsers keep for us: nobody else can read, change or make one, and every instance opens them. */
export interface TokenSealer {
  seal(purpose: TokenPurpose, content: object, endsAt: Date): Promise<string>;
  /** Returns `null` for anything that this key did not seal for this purpose, and for what has ended. */
  open(purpose: TokenPurpose, token: string): Promise<OpenedToken | null>;
}

/** `key`: 32 bytes, the same at every instance; asked for each time, because it may change. */
export interface SealerOptions {
  readonly key: () => Promise<Uint8Array>;
  readonly now: () => Date;
}

/** JWE, direct encryption with AES-256-GCM: RFC 7516, RFC 7518 section 5.3. */
export function createTokenSealer({ key, now }: SealerOptions): TokenSealer {
  return {
    async seal(purpose, content, endsAt) {
      return await new EncryptJWT({ content })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(purpose)
        .setJti(randomBytes(16).toString('base64url'))
        .setExpirationTime(endsAt)
        .encrypt(await key());
    },

    async open(purpose, token) {
      const bytes = await key();
      try {
        const { payload } = await jwtDecrypt(token, bytes, {
          audience: purpose,
          currentDate: now(),
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['jti', 'exp'],
        });
        const { jti = '', exp = 0, content } = payload;
        return { id: jti, endsAt: new Date(exp * 1000), content };
      } catch (error) {
        // Not ours, for another purpose, or too old: the holder begins again.
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
