import { isUtf8 } from 'node:buffer';
import { receiptMarker } from '../../provenance/receipt-line.ts';
import { ServiceError } from '../../service-error.ts';
import { secretNeedles } from './needles/secret-needles.ts';
import { type SecretTexts, secretTexts } from './needles/secret-texts.ts';
import { type SecretSearch, secretSearch } from './search/secret-search.ts';

/** One value that must not be printed, and everything of it that is searched for. */
export interface HiddenSecret extends SecretTexts {
  readonly needles: readonly Buffer[];
  /** Pieces of what repeats itself. */
  readonly repetitions: readonly Buffer[];
}

/**
 * Makes a value ready to be searched for.
 * @throws ServiceError SECRET_NOT_SEARCHABLE, naming the secret: a command that could print it must not run
 */
export async function hideSecret(secret: string, value: string): Promise<HiddenSecret> {
  try {
    const texts = await secretTexts(value);
    return { ...texts, ...secretNeedles(texts) };
  } catch (cause) {
    // The message of the cause may hold a part of the value.
    const reason = cause instanceof Error ? cause.name : 'unknown';
    throw new ServiceError('SECRET_NOT_SEARCHABLE', { secret, reason });
  }
}

/** A search for all of these, and for lines that imitate a receipt. */
export function searchFor(secrets: Iterable<HiddenSecret>): SecretSearch {
  const all = [...secrets];
  const needles = all.flatMap((secret) => secret.needles);
  // Bytes that are no text are not written in escapes by what prints them.
  return secretSearch(
    [...needles.filter(isUtf8), Buffer.from(receiptMarker)],
    [...needles.filter((needle) => !isUtf8(needle)), ...all.flatMap(({ repetitions }) => repetitions)],
  );
}
