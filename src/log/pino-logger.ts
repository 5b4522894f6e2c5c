import { pino } from 'pino';
import { ServiceError } from '../service-error.ts';
import { harmlessLine } from '../command-line/harmless-line.ts';
import { type LogFields, type Logger, type LogLevel, type LogLine } from './logger.ts';

export interface LoggerSettings {
  /** Lines below this level are left out. */
  readonly level: LogLevel;
  /** `json`: one object a line. `readable`: a sentence for a person at a terminal. */
  readonly format: 'json' | 'readable';
  readonly now: () => Date;
  /** Takes one whole line, without its line feed. */
  readonly write: (line: string, level: LogLevel) => void;
}

/** A logger over pino. A line of JSON has `level`, `time` (ISO 8601), `message`, and the fields of `LogFields`. */
export function pinoLogger({ level, format, now, write }: LoggerSettings): Logger {
  let current: LogLevel = 'info';
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(format === 'json' ? harmlessLine(line.trimEnd()) : readable(line), current) },
  );
  const at =
    (one: LogLevel): LogLine =>
    (says, fields = {}) => {
      // Pino writes before it returns, so this is the level of the line that arrives.
      current = one;
      log[one](written(fields), says);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The fault of a failure. The text of a foreign error may hold what came from outside, so only its kind is kept. */
function faultOf(error: unknown): object {
  if (!ServiceError.is(error)) return { code: 'UNEXPECTED', kind: error instanceof Error ? error.name : typeof error };
  const { code, details, retry, effect, says } = error;
  return { code, says, details, retry, effect };
}

function written({ error, retryAt, ...rest }: LogFields): object {
  return {
    ...rest,
    ...(retryAt === undefined ? {} : { retryAt: retryAt.toISOString() }),
    ...(error === undefined ? {} : { fault: faultOf(error) }),
  };
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly secret?: string;
  readonly rotation?: string;
  readonly retryAt?: string;
  readonly fault?: { readonly code: string; readonly says?: string; readonly details?: object; readonly kind?: string };
}

function readable(json: string): string {
  const { level, time, message, secret, rotation, retryAt, fault } = JSON.parse(json) as Line;
  const about = secret === undefined || message.startsWith(secret) ? '' : `${secret}: `;
  const details = Object.entries(fault?.details ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  const notes = [
    ...(rotation === undefined ? [] : [`rotation ${rotation}`]),
    ...(fault === undefined ? [] : [[fault.code, ...(fault.kind === undefined ? details : [fault.kind])].join(', ')]),
    ...(retryAt === undefined ? [] : [`next try ${retryAt}`]),
  ];
  const explained = fault?.says === undefined ? '' : ` ${fault.says}`;
  const line = `${time} ${level.toUpperCase().padEnd(5)} ${about}${message}${explained}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  // A line feed in a name would write a line of its own.
  return harmlessLine(line.replaceAll('\n', String.raw`\n`));
}
