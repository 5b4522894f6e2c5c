import { catalogue } from './faults/catalogue.ts';
import type { Effect, Fault, Layer, Retry } from './faults/fault.ts';

/** Every failure that Keyturn can name. Closed: a new one is a row in `src/faults/`. */
export type ErrorCode = keyof typeof catalogue;

type DetailsOf<Row> = Row extends Fault<infer Details> ? Details : never;

/** What a failure of this code says, for records that keep the code alone; `null` for an unknown code. */
export function sentenceOf(code: string): string | null {
  return isErrorCode(code) ? catalogue[code].says : null;
}

/** What a failure of this code left in the world, for records that keep the code alone; `null` for an unknown code. */
export function effectOf(code: string): Effect | null {
  return isErrorCode(code) ? catalogue[code].effect : null;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

/** The details of each failure, all of them safe to print. */
export type ErrorDetails = { [Code in ErrorCode]: DetailsOf<(typeof catalogue)[Code]> };

/**
 * The one error class. Its message is built from code and details, so that no free text can carry a secret.
 * `cause` is for the debugger alone: it may hold what came from outside, so it is never printed or stored.
 * @example throw new ServiceError('VAULT_THROTTLED', { vault: 'prod', retryAfterSeconds: 4 }, { cause });
 */
export class ServiceError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'ServiceError';
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  readonly retry: Retry;
  /** What the failed call left in the world. */
  readonly effect: Effect;
  /** Where the failure arose. */
  readonly layer: Layer;
  /** What happened and what to do next, without the details. */
  readonly says: string;

  constructor(code: Code, details: ErrorDetails[Code], options?: ErrorOptions) {
    const { says, retry, effect, layer } = catalogue[code];
    super(`${code}: ${says} ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
    this.retry = retry;
    this.effect = effect;
    this.layer = layer;
    this.says = says;
  }

  /**
   * Whether `error` is a ServiceError, and has this code if one is named. Prefer it to `instanceof`, which loses the types.
   * @example if (ServiceError.is(error, 'RECORD_EXISTS')) …
   */
  static is(error: unknown): error is ServiceError;
  static is<Wanted extends ErrorCode>(error: unknown, code: Wanted): error is ServiceError<Wanted>;
  static is(error: unknown, code?: ErrorCode): boolean {
    return error instanceof ServiceError && (code === undefined || (error as ServiceError).code === code);
  }
}
