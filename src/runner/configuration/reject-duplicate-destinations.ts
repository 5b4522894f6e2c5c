import { ServiceError } from '../../service-error.ts';
import type { SecretRequest, SecretTarget } from './secret-request.ts';

/**
 * Two secrets with one destination would leave it to chance which one the command gets.
 * @throws ServiceError MANIFEST_MALFORMED with the index of the second one in `requests`
 */
export function rejectDuplicateDestinations(requests: readonly SecretRequest[]): void {
  const seen = new Set<string>();
  requests.forEach(({ target }, index) => {
    const destination = destinationOf(target);
    if (seen.has(destination)) {
      const reason = 'has the same destination as an earlier secret';
      throw new ServiceError('MANIFEST_MALFORMED', { place: `secrets[${String(index)}]`, reason });
    }
    seen.add(destination);
  });
}

/** A private file is identified by the variable that names it. */
function destinationOf(target: SecretTarget): string {
  switch (target.kind) {
    case 'environment':
      return `variable ${target.variable}`;
    case 'file':
      return target.path === null ? `variable ${target.variable ?? ''}` : `path ${target.path}`;
    case 'descriptor':
      return `descriptor ${String(target.number)}`;
  }
}
