import { randomBytes } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';

/** The purpose of a token. A token sealed for another purpose does not open. */
type TokenPurpose = 'session' | 'sign-in-attempt' | 'sign-in-link';

export interface OpenedToken {
  /** Identifies this token, so that it can be spent. */
  readonly id: string;
  readonly endsAt: Date;
  /** The sealed content, after a round trip through JSON. */
  readonly content: unknown;
}

/** Seals tokens that browsers keep. Only holders of the key can read, change or make one; every instance has it. */
export interface TokenSealer {
  seal(purpose: TokenPurpose, content: object, endsAt: Date): Promise<string>;
  /** Returns `null` unless this key sealed the token for this purpose and it has not ended. */
  open(purpose: TokenPurpose, token: string): Promise<OpenedToken | null>;
}

/** `key`: 32 bytes, the same at every instance; called each time, because the key can change. */
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
        // Forged, for another purpose, or too old: the holder begins again.
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
