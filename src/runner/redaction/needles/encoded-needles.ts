/** Values of more bytes are not searched for in the forms that only short ones are printed in. */
const mostShortBytes = 256;

/** Nor larger ones in two encodings on each other. */
const mostNestedBytes = 1_024;

/** Node prints so many bytes of a `<Buffer …>`, and how many more there are. Source: `buffer.INSPECT_MAX_BYTES`. */
const inspectedBytes = 50;

/**
 * Needles for what a view cannot show from where it begins: bytes in base64 (at three alignments), base32 (at five),
 * hexadecimal, UTF-16 and lists of numbers. Each is as long as its value times a constant, and there are a handful for
 * one value, whatever its length.
 */
export function encodedNeedles(plain: Buffer): readonly Buffer[] {
  const little = utf16(plain);
  const encoded = [...base64(plain), ...hexadecimal(plain, [''])];
  if (plain.length > inspectedBytes) encoded.push(...hexadecimal(plain.subarray(0, inspectedBytes), [' ']));
  if (plain.length <= mostNestedBytes) {
    encoded.push(...base64(little), ...base64Twice(plain), ...hexadecimal(little, ['']));
  }
  if (plain.length <= mostShortBytes) {
    encoded.push(...hexadecimal(plain, separators), ...base32(plain), ...numberLists(plain));
  }
  return [...encoded.map((text) => Buffer.from(text, 'latin1')), little, Buffer.from(little).swap16()];
}

/** For one line of many: what it is worth to search each of them for. */
export function encodedLineNeedles(plain: Buffer): readonly Buffer[] {
  return [...base64(plain), ...hexadecimal(plain, [''])].map((text) => Buffer.from(text, 'latin1'));
}

/**
 * Base64 wherever the value may begin in what is encoded (a Basic-auth pair, a JSON document), and as a whole, where its
 * last character depends on it alone too. In both alphabets.
 */
export function base64(bytes: Buffer): readonly string[] {
  const whole = bytes.toString('base64');
  return inBothAlphabets([...base64Cores(bytes), whole, whole.replace(/=+$/, '')]);
}

/** After 0, 1 or 2 bytes of a group of three: only the characters that depend on the value alone. */
export function base64Cores(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((shift) => aligned(bytes, shift, 3, 6, (all) => all.toString('base64')));
}

/** The alphabet of URLs has `-` and `_` where the other has `+` and `/`. */
export function inBothAlphabets(forms: readonly string[]): readonly string[] {
  return [...new Set([...forms, ...forms.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))])];
}

/** Base64 in base64, each at any of its alignments: `auth` within a `.dockerconfigjson` within a Kubernetes secret. */
function base64Twice(bytes: Buffer): readonly string[] {
  return inBothAlphabets(base64Cores(bytes)).flatMap((inner) => base64Cores(Buffer.from(inner, 'latin1')));
}

/** The characters of an encoding that depend on the bytes alone when `shift` others come before them. */
function aligned(
  bytes: Buffer,
  shift: number,
  group: number,
  bitsPerCharacter: number,
  encode: (bytes: Buffer) => string,
): string {
  const encoded = encode(Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(group)]));
  const first = Math.ceil((shift * 8) / bitsPerCharacter);
  return encoded.slice(first, Math.floor(((shift + bytes.length) * 8) / bitsPerCharacter));
}

/** RFC 4648, as one-time-password tools write keys. Read as bits, since five bytes make eight characters. */
function base32(bytes: Buffer): readonly string[] {
  const forms = [0, 1, 2, 3, 4].map((shift) => aligned(bytes, shift, 5, 5, toBase32));
  forms.push(toBase32(bytes));
  return [...forms, ...forms.map((text) => text.toLowerCase())];
}

function toBase32(bytes: Buffer): string {
  let text = '';
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    const place = bit >> 3;
    const pair = ((bytes[place] ?? 0) << 8) | (bytes[place + 1] ?? 0);
    text += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[(pair >> (11 - (bit & 7))) & 31] ?? '';
  }
  return text;
}

/** What programs put between two bytes: openssl, `<Buffer …>` and hex dumps, C, scripts. */
const separators = [':', ' ', '-', ', ', ',', ', 0x', ',0x', ' 0x'];

/** Lower and upper case, with each of these between two bytes. */
export function hexadecimal(bytes: Buffer, between: readonly string[]): readonly string[] {
  const lower = bytes.toString('hex');
  const pairs = between.every((separator) => separator === '') ? [] : (lower.match(/../g) ?? []);
  return between.flatMap((separator) => {
    const text = separator === '' ? lower : pairs.join(separator);
    return [text, text.replace(/[a-f]/g, (digit) => digit.toUpperCase())];
  });
}

/** `[88,107]`, with and without blanks: a Buffer as JSON, bytes as Go, Java or Python print a list of them; `0x9` of Go. */
function numberLists(bytes: Buffer): readonly string[] {
  const signed = [...bytes].map((byte) => (byte > 127 ? byte - 256 : byte));
  const bare = [...bytes].map((byte) => `0x${byte.toString(16)}`);
  const decimals = [', ', ',', ' '].flatMap((separator) => [[...bytes].join(separator), signed.join(separator)]);
  return [...decimals, bare.join(', ')];
}

/** Characters of UTF-8 in UTF-16, little end first, as Windows and PowerShell write it. */
function utf16(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('utf8'), 'utf16le');
}
