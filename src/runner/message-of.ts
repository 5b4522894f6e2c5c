import { ServiceError } from '../service-error.ts';

/** The lines that tell a person what went wrong. Only Keyturn's own errors are safe to print. */
export function messageOf(error: unknown): readonly string[] {
  if (!ServiceError.is(error)) return ['stopped by an unexpected error of its own'];
  // A fault a line, as compilers print them, so that an editor can jump to it.
  if (ServiceError.is(error, 'MANIFEST_MALFORMED')) return [`${error.code}: ${error.says}`, ...error.details.faults];
  return [error.message];
}
