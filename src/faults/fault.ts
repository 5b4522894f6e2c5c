/** What a caller should do about a failure. `after-propagation`: role assignments take minutes to reach the vault. */
export type Retry = 'never' | 'backoff' | 'after-propagation';

/**
 * What the failed call left in the world outside. `none`: nothing that was asked for happened. `unknown`: all, some or
 * none of it happened, so read back before trying again.
 */
export type Effect = 'none' | 'unknown';

/**
 * Where a failure arose. `record` is one record, `record-store` the store under all of them: if it fails, no journal
 * can be trusted to have been read or written.
 */
export type Layer =
  | 'record'
  | 'record-store'
  | 'vault'
  | 'identity'
  | 'provider'
  | 'gitea'
  | 'log'
  | 'policy'
  | 'settings'
  | 'rotation'
  | 'evidence'
  | 'output'
  | 'request'
  | 'command-line'
  | 'runner';

/** Identifiers, counts and times. Never a value, a token, or text that came from outside. */
export type SafeDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** What every row of the catalogue must say. */
interface Row {
  readonly retry: Retry;
  readonly effect: Effect;
  readonly layer: Layer;
  /** What happened, and what to do next. */
  readonly says: string;
}

/** One failure that Keyturn can name. */
export interface Fault<Details extends SafeDetails> extends Row {
  /** Carries the type of the details alone; never set. */
  readonly details?: Details;
}

/**
 * One row of the catalogue.
 * @example VAULT_THROTTLED: fault<{ vault: string }>({ retry: 'backoff', effect: 'none', layer: 'vault', says: 'The vault …' })
 */
export function fault<Details extends SafeDetails>(row: Row): Fault<Details> {
  return row;
}
