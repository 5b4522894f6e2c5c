/** `size` bytes from a source that nobody can predict. */
export type RandomBytes = (size: number) => Uint8Array;

export const alphabets = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  hexadecimal: '0123456789abcdef',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  // No quote, backslash, dollar, percent, blank or letter that a shell, a URL or a connection string would take for its own.
  symbols: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+,-.:=^_~',
} as const;

export type AlphabetName = keyof typeof alphabets;

/** Text of `length` characters, each equally likely: bytes that would favour the alphabet's first letters are thrown away. */
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

/** How many bits an attacker has to guess. */
export function countBits(length: number, alphabet: string): number {
  return length * Math.log2(alphabet.length);
}
