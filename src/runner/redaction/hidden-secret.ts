import { isUtf8 } from 'node:buffer';
import { receiptMarker } from '../../provenance/receipt-line.ts';
import { ServiceError } from '../../service-error.ts';
import { secretNeedles } from './needles/secret-needles.ts';
import { type SecretTexts, secretTexts } from './needles/secret-texts.ts';
import type { ScanMemory } from './search/scan-kernel.ts';
import { searchOnUse } from './search/search-on-use.ts';
import { type SecretSearch, secretSearch } from './search/secret-search.ts';

/** One value that must not be printed, and the texts of it that are searched for. */
export type HiddenSecret = SecretTexts;

/**
 * Makes a value ready to be searched for.
 * @throws ServiceError SECRET_NOT_SEARCHABLE, naming the secret: a command that could print it must not run
 */
export async function hideSecret(secret: string, value: string): Promise<HiddenSecret> {
  try {
    return await secretTexts(value);
  } catch (cause) {
    // The message of the cause may hold a part of the value.
    const reason = cause instanceof Error ? cause.name : 'unknown';
    throw new ServiceError('SECRET_NOT_SEARCHABLE', { secret, reason });
  }
}

/**
 * A search for all of these, and for lines that imitate a receipt. It is made when the command first prints: the encoded
 * forms and their tables take milliseconds, which the command need not wait for. `memory`: what the kernel has.
 */
export function searchFor(secrets: Iterable<HiddenSecret>, memory?: ScanMemory): SecretSearch {
  const texts = [...secrets];
  return searchOnUse((reserved) => {
    const all = texts.map(secretNeedles);
    const needles = all.flatMap((one) => one.needles);
    // Bytes that are no text are not written in escapes by what prints them.
    return secretSearch(
      [...needles.filter(isUtf8), Buffer.from(receiptMarker)],
      [...needles.filter((needle) => !isUtf8(needle)), ...all.flatMap(({ repetitions }) => repetitions)],
      reserved,
    );
  }, memory);
}
