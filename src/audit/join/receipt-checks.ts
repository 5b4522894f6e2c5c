import type { ContentCheck } from '../parsing/content-check.ts';
import { instantAt } from '../parsing/moment.ts';

/** Which sets of characters each byte is in. */
const hexadecimal = 1;
const lowerCaseWord = 2;
const nameSign = 4;
const addressSign = 8;
const sets = new Uint8Array(256);
for (let code = 0; code < 128; code += 1) {
  const sign = String.fromCharCode(code);
  sets[code] =
    (/[0-9a-f]/.test(sign) ? hexadecimal : 0) |
    (/[0-9a-z]/.test(sign) ? lowerCaseWord : 0) |
    (/[0-9A-Za-z-]/.test(sign) ? nameSign : 0) |
    (/[0-9a-fA-F.:%]/.test(sign) ? addressSign : 0);
}

const textOf =
  (set: number, least: number, most: number): ContentCheck =>
  (bytes, from, to) =>
    to - from >= least && to - from <= most && areOf(bytes, from, to, set);

const integer =
  (least: number, most: number): ContentCheck =>
  (bytes, from, to) => {
    const number = integerAt(bytes, from, to);
    return number >= least && number <= most;
  };

const databaseId = integer(1, 999_999_999_999_999);
const dash = 0x2d;
/** Of the 36 places of a UUID. */
const isDashAt = Uint8Array.from({ length: 36 }, (_, offset) => ([8, 13, 18, 23].includes(offset) ? 1 : 0));

const uuid: ContentCheck = (bytes, from, to) => {
  if (to - from !== 36) return false;
  for (let offset = 0; offset < 36; offset += 1) {
    const byte = bytes[from + offset] ?? 0;
    if (isDashAt[offset] === 1 ? byte !== dash : ((sets[byte] ?? 0) & hexadecimal) === 0) return false;
  }
  return true;
};

export const isInstant: ContentCheck = (bytes, from, to) => !Number.isNaN(instantAt(bytes, from, to));

/** By the path within the receipt. */
export const receiptChecks: Readonly<Record<string, ContentCheck>> = {
  format: integer(1, 1),
  'job\ninstance': textOf(hexadecimal, 8, 8),
  'job\nrepositoryId': databaseId,
  'job\nrunId': databaseId,
  'job\nattempt': integer(1, 99_999),
  'job\njobId': databaseId,
  'job\ntaskId': databaseId,
  nonce: textOf(hexadecimal, 8, 8),
  sequence: integer(1, 99_999),
  vault: textOf(nameSign, 1, 127),
  secret: textOf(nameSign, 1, 127),
  version: textOf(lowerCaseWord, 1, 64),
  clientRequestId: uuid,
  address: textOf(addressSign, 2, 64),
  clockOffsetMs: integer(-1e12, 1e12),
  previous: textOf(hexadecimal, 64, 64),
};

/** By the path within one request. */
export const requestChecks: Readonly<Record<string, ContentCheck>> = {
  id: textOf(nameSign, 1, 64),
  status: integer(100, 599),
  at: isInstant,
};

/** NaN for a number with a fraction. */
export function integerAt(bytes: Buffer, from: number, to: number): number {
  const isNegative = bytes[from] === dash;
  let number = 0;
  for (let at = isNegative ? from + 1 : from; at < to; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return isNegative ? -number : number;
}

function areOf(bytes: Buffer, from: number, to: number, set: number): boolean {
  for (let at = from; at < to; at += 1) if (((sets[bytes[at] ?? 0] ?? 0) & set) === 0) return false;
  return true;
}
