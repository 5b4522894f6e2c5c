import type { SecretUse } from '../../secrets/secret-use.ts';

/** A request with values in it, for the wire alone. */
export interface UpstreamRequest {
  readonly method: string;
  /** `https:`. */
  readonly url: URL;
  /** Without `host` and without headers that frame a message. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body; 0: none; `null`: as many as there are. A body of another length breaks the request off. */
  readonly length: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  readonly addresses: SecretUse['addresses'];
  /** A connection serves one session alone: a service may take all that comes on one for the same client. */
  readonly session: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** As the upstream wrote them, each byte a character. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As it came, still encoded. Breaks off with a ServiceError. */
  readonly body: AsyncIterable<Buffer>;
  /** Lets go of an answer that is not read to its end, and of its connection. */
  readonly abandon: () => void;
}

/** Makes requests over https and HTTP/1.1. Follows no redirect. */
export interface Upstream {
  /**
   * Resolves the name once, refuses addresses that `addresses` does not open, and sends nothing before the certificate has
   * shown that the other end is the host.
   * @throws ServiceError `UPSTREAM_UNKNOWN`, `UPSTREAM_ADDRESS_REFUSED`, `UPSTREAM_NOT_VERIFIED`, `UPSTREAM_UNREACHABLE`
   */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
}
