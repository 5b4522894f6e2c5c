import { ServiceError } from '../../service-error.ts';
import type { SecretRequest, SecretTarget } from './secret-request.ts';

/**
 * Two secrets with one destination would leave it to chance which one the command gets.
 * @throws ServiceError COMMAND_LINE_WRONG naming the destination
 */
export function rejectDuplicateDestinations(requests: readonly SecretRequest[]): void {
  const seen = new Set<string>();
  for (const { target } of requests) {
    const destination = destinationOf(target);
    if (seen.has(destination)) {
      const reason = `two secrets have the same destination: ${destination}`;
      throw new ServiceError('COMMAND_LINE_WRONG', { place: '--secret', reason });
    }
    seen.add(destination);
  }
}

/** A private file is identified by the variable that names it. */
export function destinationOf(target: SecretTarget): string {
  switch (target.kind) {
    case 'environment':
      return `variable ${target.variable}`;
    case 'file':
      return target.path === null ? `variable ${target.variable ?? ''}` : `path ${target.path}`;
    case 'descriptor':
      return `descriptor ${String(target.number)}`;
  }
}
