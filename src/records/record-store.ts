/** Names one state of a record: an ETag on Blob, a number and a digest on a folder. Compared, never read. */
export type Revision = string;

export interface StoredRecord {
  readonly bytes: Uint8Array;
  readonly revision: Revision;
}

/**
 * The one port under everything durable: journal, ledger, slices, archive.
 * Paths are relative, of segments `[A-Za-z0-9._~-]` joined by `/`; no segment is `.` or `..`.
 * What it has acknowledged survives the death of the process and of the machine. Several processes may share one store.
 */
export interface RecordStore {
  /**
   * Writes a record that must not exist yet. Exactly one of two creates of one path succeeds.
   * @throws ServiceError `RECORD_EXISTS` when there is one, whoever wrote it: read it to learn whether it was you.
   */
  create(path: string, bytes: Uint8Array): Promise<Revision>;

  /**
   * Replaces a record if it is still the one that was read.
   * @throws ServiceError `RECORD_CHANGED` when it is not, or when it is gone.
   */
  replace(path: string, bytes: Uint8Array, revision: Revision): Promise<Revision>;

  /** The record, or `null` only when the store looked and there is none. Rejects when it could not look. */
  read(path: string): Promise<StoredRecord | null>;

  /** Paths under a folder (`journal/`) or that begin with a prefix, in code-unit order; none when there are none. */
  list(prefix: string): AsyncIterable<string>;
}
