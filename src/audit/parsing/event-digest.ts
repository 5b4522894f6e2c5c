import { hash } from 'node:crypto';
import { copyLowerCase, copyWords, createViews, wordBytes } from './byte-words.ts';
import type { SecretAddress } from './secret-address.ts';

/** Makes the ids of events, as `retrievalId` does, of the bytes of their rows. */
export interface EventDigest {
  /** Takes over what neighbouring rows have in common: what is before the request id, and what is after it. */
  share(before: string, after: string): void;
  /** The id of the row whose parts are at these places; `null` if the event is too long. */
  idOf(bytes: Buffer, row: EventParts): string | null;
}

/** Where a row has what is its own: from the first byte until before the last. */
export interface EventParts {
  readonly requestFrom: number;
  readonly requestTo: number;
  readonly timeFrom: number;
  readonly timeTo: number;
  readonly served: SecretAddress;
  readonly asked: SecretAddress;
}

/** The longest event whose digest is made of bytes. */
const mostBytes = 1_024;
const lineEnd = 10;

export function createEventDigest(): EventDigest {
  const event = Buffer.alloc(mostBytes + wordBytes);
  const words = wordsOf(event);
  /** The parts of `event` of each length that a digest was made of. */
  const events: Buffer[] = [];
  const viewOf = createViews();
  let shared = '';
  let start = 0;
  let after = wordsOf(Buffer.alloc(wordBytes));
  let afterLength = 0;
  return {
    share(before, rest) {
      if (before + rest === shared) return;
      shared = before + rest;
      start = before.length;
      event.write(before, 'latin1');
      afterLength = rest.length;
      after = wordsOf(Buffer.from(rest.padEnd(afterLength + wordBytes), 'latin1'));
    },
    idOf(bytes, { requestFrom, requestTo, timeFrom, timeTo, served, asked }) {
      const { nameFrom, nameTo } = served;
      const { versionFrom, versionTo } = asked;
      const own = requestTo - requestFrom + nameTo - nameFrom + versionTo - versionFrom + timeTo - timeFrom;
      if (start + afterLength + own + 2 > mostBytes) return null;
      const row = viewOf(bytes);
      let at = copyLowerCase(row, requestFrom, requestTo, words, start);
      at = copyWords(after, 0, afterLength, words, at);
      at = copyLowerCase(row, nameFrom, nameTo, words, at);
      event[at] = lineEnd;
      at = copyLowerCase(row, versionFrom, versionTo, words, at + 1);
      event[at] = lineEnd;
      const length = copyWords(row, timeFrom, timeTo, words, at + 1);
      const whole = (events[length] ??= event.subarray(0, length));
      return hash('sha256', whole).slice(0, 32);
    },
  };
}

function wordsOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
