/**
 * What the fetch helper and the broker say to each other when a job uses a secret that it does not hold. The helper ends
 * the command's TLS, takes each request apart and sends it as data; the broker decides, swaps the placeholder for the value,
 * makes the request itself and streams the answer back redacted.
 *
 * `POST /broker/uses/placeholders`, JSON body `{ session, secrets: ["vault/name", …], jail: JailGrade }`, proved as a read is:
 * 200 `{ placeholders: [Placeholder, …] }` in the order asked, or 403 `{ error }`.
 *
 * `POST /broker/uses`: the session in `keyturn-session`, the request to make in `keyturn-use`, the proof in `dpop`, and the
 * request's body as the body, byte for byte. The claim `body` of the proof is the digest of the text of `keyturn-use` as it
 * was sent, because the body streams. 200 with `keyturn-answer` and the redacted body, which is chunked: one that
 * is cut off is an answer that was cut off. Every other status is `{ error: { code, says, because: [{ code, says }], … } }`;
 * `because` holds codes of `useRefusalCodes` and of a refused read. 502 has a code of `useFailureCodes`.
 */

import { framingHeaders } from '../secrets/secret-use.ts';

/** Headers of `POST /broker/uses`, lower-case. */
export const useHeaders = { session: 'keyturn-session', request: 'keyturn-use', answer: 'keyturn-answer' } as const;

/** The most characters of `keyturn-use` and of `keyturn-answer`. A Node server takes 16 KiB of headers in all. */
export const mostHeadCharacters = 12 * 1024;

/** The request that a command made, as the helper understood it. The broker trusts none of it. */
export interface UseHead {
  /** Upper-case. CONNECT and TRACE are refused. */
  readonly method: string;
  /** Absolute, `https:`, without user information and fragment. */
  readonly url: string;
  /**
   * In their order, names as they were written. `host` is left out or equal to the host of `url`. Hop-by-hop headers, `content-length`
   * and `transfer-encoding` must be left out: the broker refuses a head that has one of `forbiddenInHead`.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body: exactly so many follow. 0: none. `null`: as many as there are until its end (chunked). */
  readonly length: number | null;
}

/** The upstream's answer, redacted. Without hop-by-hop headers, and without `content-length` except for HEAD. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * How the command is kept from everything but the broker, by the helper's own word, for the record: in namespaces of the
 * kernel; in a container without a network; or by nothing but variables that it may ignore.
 */
export const jailGrades = ['namespaces', 'container', 'cooperative'] as const;
export type JailGrade = (typeof jailGrades)[number];

/** What a command is given in the place of a value. Harmless wherever it is written. */
export interface Placeholder {
  /** `vault/name`, lower-case. */
  readonly secret: string;
  /** `keyturn-use-` and 32 characters of base64url. */
  readonly placeholder: string;
  /** What the policy lets the job do with it, for the reader of the log. */
  readonly hosts: readonly string[];
}

export const placeholderPrefix = 'keyturn-use-';

/** Finds everything that has the form of a placeholder. Global: use it with `matchAll` or `replace`. */
export const placeholderPattern = /keyturn-use-[A-Za-z0-9_-]{32}/g;

/**
 * Headers that a head must not hold: those of a connection and of the framing of a message. A head that holds one is
 * refused, so that no two readers of a request can disagree on where it ends.
 */
export const forbiddenInHead: ReadonlySet<string> = framingHeaders;

/** Why a request is not made, beside the reasons for which a read is refused. */
export const useRefusalCodes = [
  /** The policy names no `uses` for the secret. */
  'use-not-allowed',
  'host-not-allowed',
  'method-not-allowed',
  'path-not-allowed',
  /** A placeholder stands where the policy names no place for it. */
  'placeholder-misplaced',
  /** It has the form of a placeholder, and is none of this job's. */
  'placeholder-unknown',
  'too-many-uses',
] as const;

/** Why a request that was allowed has no answer: 502. */
export const useFailureCodes = [
  /** The name of the host has no address. */
  'UPSTREAM_UNKNOWN',
  /** Its address is private, of this machine, or of a metadata service. */
  'UPSTREAM_ADDRESS_REFUSED',
  /** Its certificate does not show that it is the host. Nothing was sent. */
  'UPSTREAM_NOT_VERIFIED',
  /** It did not answer, or broke off. */
  'UPSTREAM_UNREACHABLE',
  /** A value cannot stand in its place, or is too short to be searched for. Nothing was sent. */
  'VALUE_NOT_USABLE',
  /** Its answer cannot be searched for the value: an unknown encoding, or a head that is too long. */
  'UPSTREAM_ANSWER_REFUSED',
] as const;

/** The text of a head as a header. */
export function encodeHead(head: UseHead | AnswerHead): string {
  return Buffer.from(JSON.stringify(head)).toString('base64url');
}

/** Returns the head of a request; `null` if the text is none, or holds what no head may hold. */
export function parseUseHead(text: string): UseHead | null {
  const { method, url, headers, length } = decodeHead(text);
  if (typeof method !== 'string' || typeof url !== 'string') return null;
  if (!isLength(length) || !isHeaderList(headers)) return null;
  return { method, url, headers, length };
}

/** Returns the head of an answer; `null` if the text is none. */
export function parseAnswerHead(text: string): AnswerHead | null {
  const { status, headers } = decodeHead(text);
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return null;
  return isHeaderList(headers) ? { status, headers } : null;
}

function decodeHead(text: string): Readonly<Record<string, unknown>> {
  if (text.length > mostHeadCharacters || !/^[A-Za-z0-9_-]+$/.test(text)) return {};
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof read === 'object' && read !== null ? Object.fromEntries(Object.entries(read)) : {};
  } catch {
    // Cut off, or not written by a helper.
    return {};
  }
}

function isLength(length: unknown): length is number | null {
  return length === null || (typeof length === 'number' && Number.isSafeInteger(length) && length >= 0);
}

/** A name is a token, and a value holds no control character but the tabulator (RFC 9110, section 5): no line ends, no NUL. */
function isHeaderList(headers: unknown): headers is readonly (readonly [string, string])[] {
  return (
    Array.isArray(headers) &&
    headers.every(
      (header: unknown) =>
        Array.isArray(header) &&
        header.length === 2 &&
        typeof header[0] === 'string' &&
        typeof header[1] === 'string' &&
        /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(header[0]) &&
        // oxlint-disable-next-line no-control-regex -- these are what it refuses
        !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(header[1]),
    )
  );
}
