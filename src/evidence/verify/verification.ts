/** One deviation from what was sealed. `file` is `.` for the pack as a whole; `row` counts from 1. */
export interface PackFault {
  readonly file: string;
  readonly row: number | null;
  readonly message: string;
}

export interface Verification {
  readonly outcome: 'intact' | 'broken';
  /** One sentence for people: `intact; signer not verified; synthetic`. */
  readonly message: string;
  /**
   * `not-verified`: the caller named no trusted key. A key inside a pack proves nothing, because a forger can sign
   * again.
   */
  readonly signer: 'trusted' | 'not-verified' | 'not-trusted';
  readonly fingerprint: string | null;
  /** The sealed statement, if it can be parsed. */
  readonly pack: string | null;
  readonly status: 'final' | 'provisional' | null;
  readonly synthetic: boolean | null;
  readonly reads: number | null;
  readonly files: number;
  /** Its place in the chain; `null` without a valid seal, or if an untrusted key made the seal. */
  readonly link: PackLink | null;
  readonly faults: readonly PackFault[];
}

/** A pack's place in the chain, from a valid seal. Digests of statements, in hexadecimal. */
export interface PackLink {
  readonly pack: string;
  readonly statementSha256: string;
  /** The previous pack in the archive; `null` for the first. */
  readonly previous: { readonly pack: string; readonly statementSha256: string } | null;
  /** The pack of the same period that it amends; `null` if it is the first of its period. */
  readonly amends: { readonly pack: string; readonly statementSha256: string } | null;
  readonly period: { readonly from: string; readonly to: string };
}
