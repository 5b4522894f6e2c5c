import type { JobNumbers } from './job-numbers.ts';

/** One request to the vault, as its answer named it. */
export interface ReceiptRequest {
  /** The server's `x-ms-request-id`, which is the CorrelationId of the audit row. Only the caller learns it. */
  readonly id: string;
  readonly status: number;
  /** When the answer arrived by the runner's clock, ISO 8601 in UTC with milliseconds. */
  readonly at: string;
}

/** The helper's record of one read, successful or not. It never contains a value, its hash or its length. */
export interface Receipt {
  readonly format: 1;
  readonly job: JobNumbers;
  /** The nonce of the stamp that the same read carried. */
  readonly nonce: string;
  /** From 1, without gaps, in the chain of one start of the helper. */
  readonly sequence: number;
  /** Short name of the vault; with `opaque` names, a digest. */
  readonly vault: string;
  /** A prefix and `*` for a listing, which serves names and no version. */
  readonly secret: string;
  /**
   * Whether vault and secret are digests, because logs of public repositories and forks must not reveal their names.
   */
  readonly opaque: boolean;
  /** The version served, or `null` if none was served. */
  readonly version: string | null;
  readonly clientRequestId: string;
  /** Every attempt in order, including refused and repeated ones. */
  readonly requests: readonly ReceiptRequest[];
  /** The caller's address as the vault saw it (`x-ms-keyvault-network-info`), or `null` if it did not state it. */
  readonly address: string | null;
  /** The vault's `Date` minus the runner's clock, in milliseconds; `null` when unknown. */
  readonly clockOffsetMs: number | null;
  /** sha256 of the previous receipt of this chain in canonical JSON, hexadecimal; `null` for the first. */
  readonly previous: string | null;
}
