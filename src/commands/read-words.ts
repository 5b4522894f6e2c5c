import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ServiceError } from '../service-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * A command's words by its options; what it does not know is refused.
 * @throws ServiceError `USAGE_WRONG`.
 */
export function readWords<const Wanted extends Options>(
  command: string,
  words: readonly string[],
  options: Wanted,
  most = 0,
): ReturnType<typeof parseArgs<{ options: Wanted; allowPositionals: true; args: string[]; strict: true }>> {
  try {
    const read = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
    if (read.positionals.length > most) throw new TypeError(`unexpected word ${String(read.positionals[most])}`);
    return read;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : 'unknown option';
    throw new ServiceError('USAGE_WRONG', { command, reason }, { cause });
  }
}

/** A word that must be there. @throws ServiceError `USAGE_WRONG`. */
export function required(command: string, name: string, word: string | undefined): string {
  if (word !== undefined && word !== '') return word;
  throw new ServiceError('USAGE_WRONG', { command, reason: `${name} is missing` });
}
