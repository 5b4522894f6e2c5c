/**
 * Where a value may stand in a request: in a header, as the user or the password of Basic authentication, in a field of the
 * query, anywhere in the body, or nowhere.
 */
type UsePlace = `header:${string}` | 'basic' | `query:${string}` | 'body' | 'none';

/** One thing that a job may do with a secret, without having its value: requests that the broker makes in its place. */
export interface SecretUse {
  /** Lower-case names, exact. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Upper-case. */
  readonly methods: readonly string[];
  /** Patterns of whole paths: `*` is what stands between two slashes or a part of it, `**` any number of such parts. */
  readonly paths: readonly string[];
  /** `none`: such requests are made, and nothing is swapped in them. */
  readonly place: UsePlace;
  /** Where the host may be: on the public internet, or also in a private network, or on the broker's own machine. */
  readonly addresses: 'public' | 'private' | 'loopback';
}

/** Headers that describe a connection or the framing of a message, lower-case. Source: RFC 9110, section 7.6.1. */
export const framingHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
