/** What a line may carry beside its sentence: names, ids, codes, counts and times, never a value. */
export interface LogFields {
  /** `vault/name`, or a vault alone. */
  readonly secret?: string;
  /** `<rotationId>`, with or without its attempt. */
  readonly rotation?: string;
  /** What a rotation has come to. */
  readonly state?: string;
  /** The scheduled work that the line is about, such as `collect jobs`. */
  readonly work?: string;
  readonly counts?: Readonly<Record<string, number>>;
  /** sha256 of the text of the policy in force. */
  readonly policy?: string;
  /** How many mistakes a policy file has. */
  readonly faults?: number;
  /** The channel to people, and the id of a notification. */
  readonly channel?: string;
  readonly notification?: string;
  /** Where the server listens, and the role of the process. */
  readonly listening?: string;
  readonly role?: string;
  readonly event?: string;
  /** A job's session at the broker. */
  readonly session?: string;
  /** The code of the newest failure of a rotation. */
  readonly failure?: string;
  readonly retryAt?: Date;
  /** A failure. The line has code, details and retry of a `ServiceError`, and only the kind of any other error. */
  readonly error?: unknown;
}

/** One line of the log. `says` is a sentence for a person; everything that a program looks for is a field. */
export type LogLine = (says: string, fields?: LogFields) => void;

/** Where the service writes what it does. Never throws, and never writes a value of a secret. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  /** Something failed and is tried again, or is not obeyed. */
  readonly warn: LogLine;
  /** Something failed that needs a person. */
  readonly error: LogLine;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes nothing: for a command that prints its own result. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
