import type { Settings } from './settings.ts';

/** What one pass did, safe to print. */
export interface PassSummary {
  /** `Rotations`, `Jobs`, `Retrievals`, `Reports` or `Setup`. */
  readonly what: string;
  /** The counts in labelled figures, as one line. */
  readonly says: string;
  /** The same for programs. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Keyturn, composed: what every host (Functions, server, command line) calls. Nothing here knows an adapter. */
export interface Keyturn {
  readonly settings: Settings;
  /** A Key Vault event, as it came. Resolves for every event that it recorded; rejects only if it cannot reach the journal. */
  handleVaultEvent(event: unknown): Promise<{ readonly outcome: string; readonly secret: string | null }>;
  /** Takes up the policy file if it has changed; one with mistakes changes nothing and is told. Each pass does this first. */
  takeUpPolicy(): Promise<void>;
  /** Rotates what is due, goes on with what is unfinished, revokes what may be revoked. */
  reconcileRotations(): Promise<PassSummary>;
  /** Collects Gitea jobs and the receipts in their logs. */
  collectJobs(): Promise<PassSummary>;
  /** Makes the hourly canary read, and collects log rows into hashed slices. */
  collectRetrievals(): Promise<PassSummary>;
  /** Produces the reports that are due. */
  produceReports(): Promise<PassSummary>;
  /** Looks at the setup as `keyturn doctor` does, under the identity of this process, and logs each line. Changes nothing. */
  checkSetup(): Promise<PassSummary>;
  /**
   * Portal, downloads and hooks: one web application for all hosts. `loopback` is whether the connection came from this machine;
   * `address`: the other end of the socket, absent where only the platform knows it.
   */
  handleRequest(
    request: Request,
    connection: { readonly loopback: boolean; readonly address?: string },
  ): Promise<Response>;
}
