/**
 * Identifies one state of a record: an ETag on Blob, a number and a digest in a folder. Callers compare it and never
 * parse it.
 */
export type Revision = string;

export interface StoredRecord {
  readonly bytes: Uint8Array;
  readonly revision: Revision;
  /** Called at most once, when nobody reads the bytes any more: a store that has this uses their memory again. */
  readonly giveBack?: (() => void) | undefined;
}

/**
 * The port for everything durable: journal, ledger, slices, archive. Writes use compare-and-set: create if absent,
 * replace if unchanged. Paths are relative, of segments `[A-Za-z0-9._~-]` joined by `/`; no segment is `.` or `..`. An
 * acknowledged write survives a crash of the process and of the machine. Several processes may share one store.
 */
export interface RecordStore {
  /**
   * Writes a record that must not exist yet. Of two concurrent creates of one path exactly one succeeds.
   * @throws ServiceError `RECORD_EXISTS` if the record exists. An earlier attempt of the caller may have written it:
   * read it to find out.
   */
  create(path: string, bytes: Uint8Array): Promise<Revision>;

  /**
   * Replaces a record if it has not changed since it was read.
   * @throws ServiceError `RECORD_CHANGED` if another writer changed or removed it.
   */
  replace(path: string, bytes: Uint8Array, revision: Revision): Promise<Revision>;

  /**
   * Returns the record, or `null` only if the store looked and the record does not exist. Rejects if the store could
   * not be read.
   */
  read(path: string): Promise<StoredRecord | null>;

  /**
   * Removes a record if it has not changed since it was read. Only rules of retention call it. A record
   * that is absent already counts as removed, because an earlier attempt of the caller may have removed it. Its path may be
   * created again, and no revision of before counts then.
   * @throws ServiceError `RECORD_CHANGED` if another writer changed it.
   */
  remove(path: string, revision: Revision): Promise<void>;

  /** Paths in a folder (`journal/`) or with a prefix, in code-unit order; empty if there are none. */
  list(prefix: string): AsyncIterable<string>;
}
