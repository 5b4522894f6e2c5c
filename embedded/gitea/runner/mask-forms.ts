import { isAtLeast } from '../server/gitea-instance.ts';

/**
 * The literal forms under which a runner of this version masks a secret, in the order it registers them, each as bytes
 * (latin1). Before 1.0.7 the value as it came; then each of its lines; from 3.0.0 also escaped, base64, JSON and URL forms.
 * Source: act/runner/logger.go, AppendSecretMasker, at those tags.
 */
export function maskForms(value: string, version: string): readonly string[] {
  if (!isAtLeast(version, '1.0.7')) return [bytes(value)];
  const forms: string[] = [];
  for (const line of value.split('\n').map((part) => part.trim())) {
    // A single character would mask braces and commas everywhere.
    if (Buffer.byteLength(line) <= 1) continue;
    forms.push(bytes(line));
    if (isAtLeast(version, '3.0.0') && /[%\r\n]/.test(line)) forms.push(bytes(escapeCommandData(line)));
  }
  if (!isAtLeast(version, '3.0.0')) return forms;
  const whole = value.trim();
  if (Buffer.byteLength(whole) <= 1) return forms;
  for (const encode of encoders) {
    const encoded = bytes(encode(whole));
    if (encoded !== bytes(whole) && encoded.length > 1 && !forms.includes(encoded)) forms.push(encoded);
  }
  return forms;
}

/** Undoes what `escapeCommandData` does; the percent sign last, or `%250A` would become a new line. */
export function unescapeCommandData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function escapeCommandData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

const encoders: readonly ((value: string) => string)[] = [
  (value) => Buffer.from(value).toString('base64'),
  (value) => shiftedBase64(value, 1),
  (value) => shiftedBase64(value, 2),
  (value) => jsonText(value).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  jsonText,
  (value) => percentEncoded(value, /[A-Za-z0-9_.~-]/).replaceAll('%20', '+'),
  (value) => percentEncoded(value, /[A-Za-z0-9_.~$&+:=@-]/),
];

/** The whole groups in the middle of base64 when one or two foreign bytes stand before the value; nothing when too few. */
function shiftedBase64(value: string, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString('base64');
  return encoded.length < 16 ? '' : encoded.slice(4, -4);
}

/** A JSON string without its quotes, as Go writes it: the two line separators are escaped. */
function jsonText(value: string): string {
  return JSON.stringify(value).slice(1, -1).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function percentEncoded(value: string, kept: RegExp): string {
  return [...Buffer.from(value)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 0x80 && kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
