/** One thing that is not as it was sealed. `file` is `.` for the pack as a whole; `row` counts from 1. */
export interface PackFault {
  readonly file: string;
  readonly row: number | null;
  readonly message: string;
}

export interface Verification {
  readonly outcome: 'intact' | 'broken';
  /** One sentence for people: `intact; signer not verified; synthetic`. */
  readonly message: string;
  /** `not-verified`: nobody told whom to trust. A key inside a pack proves nothing: a forger signs again. */
  readonly signer: 'trusted' | 'not-verified' | 'not-trusted';
  readonly fingerprint: string | null;
  /** What the seal states, where it can be read. */
  readonly pack: string | null;
  readonly status: 'final' | 'provisional' | null;
  readonly synthetic: boolean | null;
  readonly reads: number | null;
  readonly files: number;
  /** Its place in the chain; `null` where no seal holds that says it, or where another key than the trusted one does. */
  readonly link: PackLink | null;
  readonly faults: readonly PackFault[];
}

/** What a seal that holds says of its pack's place in the chain. Digests of statements, in hexadecimal. */
export interface PackLink {
  readonly pack: string;
  readonly statementSha256: string;
  /** The pack that was entered into the archive before this one; `null` for the first. */
  readonly previous: { readonly pack: string; readonly statementSha256: string } | null;
}
