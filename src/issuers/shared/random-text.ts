/** `size` bytes from an unpredictable source. */
export type RandomBytes = (size: number) => Uint8Array;

export const alphabets = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  hexadecimal: '0123456789abcdef',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  // No character with a meaning in a shell, a URL or a connection string: no quote, backslash, dollar, percent or
  // blank.
  symbols: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+,-.:=^_~',
} as const;

export type AlphabetName = keyof typeof alphabets;

/**
 * Creates text of `length` equally likely characters; discards bytes that would favour the alphabet's first letters.
 */
export function randomText(length: number, alphabet: string, randomBytes: RandomBytes): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < fair) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}

/** The number of bits that an attacker must guess. */
export function countBits(length: number, alphabet: string): number {
  return length * Math.log2(alphabet.length);
}
