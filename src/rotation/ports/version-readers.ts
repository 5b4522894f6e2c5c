/** What the log and the ledger say about the readers of one version: what a revocation waits for. */
export interface VersionReaders {
  /** All log rows up to here are in; `null` when nothing was ever read. */
  readonly watermark: Date | null;
  /** Hours since publication without a canary row: reads may be missing there. */
  readonly gaps: readonly string[];
  /** Reads of the version since `since`, newest first. */
  readonly reads: readonly { readonly at: Date; readonly job: string | null; readonly identity: string | null }[];
  /** Jobs that ever read the version and have not ended. */
  readonly running: readonly string[];
}

/** The port through which a rotation asks the audit. Rejects when the audit could not look. */
export interface VersionReadersPort {
  readersOf(secret: { vault: string; name: string; version: string }, since: Date): Promise<VersionReaders>;
}
