import { ServiceError } from '../service-error.ts';

/** Returns a word that one form of a command needs. @throws ServiceError `USAGE_WRONG`. */
export function required(command: string, name: string, word: string | undefined): string {
  if (word !== undefined && word !== '') return word;
  throw new ServiceError('USAGE_WRONG', { command, reason: `${name} is missing.` });
}
