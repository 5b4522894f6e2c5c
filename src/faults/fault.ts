/** What a caller should do about a failure. `after-propagation`: role assignments take minutes to reach the vault. */
export type Retry = 'never' | 'backoff' | 'after-propagation';

/** Identifiers, counts and times. Never a value, a token, or text that came from outside. */
export type SafeDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** One failure that Keyturn can name: whether trying again helps, and what it says and advises. */
export interface Fault<Details extends SafeDetails> {
  readonly retry: Retry;
  readonly says: string;
  /** Carries the type of the details alone; never set. */
  readonly details?: Details;
}

/**
 * One row of the catalogue.
 * @example VAULT_THROTTLED: fault<{ vault: string; retryAfterSeconds: number | null }>('backoff', 'The vault is throttling.')
 */
export function fault<Details extends SafeDetails>(retry: Retry, says: string): Fault<Details> {
  return { retry, says };
}
