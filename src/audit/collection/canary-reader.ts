/** One read by Keyturn itself, made so that an hour without rows means something. */
export interface CanaryRead {
  readonly vault: string;
  readonly secret: string;
  /** The server's `x-ms-request-id`, by which its row is recognised. */
  readonly correlationId: string;
  /** When the vault answered, ISO 8601 in UTC. */
  readonly at: string;
}

/** Reads the canary secret of every vault that is audited, once. Rejects when a vault could not be read. */
export interface CanaryReader {
  read(): Promise<readonly CanaryRead[]>;
}
