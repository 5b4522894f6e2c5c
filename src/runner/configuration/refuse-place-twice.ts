import { ServiceError } from '../../service-error.ts';
import type { SecretRequest, SecretTarget } from './secret-request.ts';

/**
 * Two secrets in one place would leave it to chance which one the command gets.
 * @throws ServiceError MANIFEST_MALFORMED with the second's number among `requests`
 */
export function refusePlaceTwice(requests: readonly SecretRequest[]): void {
  const seen = new Set<string>();
  requests.forEach(({ target }, index) => {
    const place = placeOf(target);
    if (seen.has(place)) {
      const reason = 'takes the same place as a secret before it';
      throw new ServiceError('MANIFEST_MALFORMED', { place: `secrets[${String(index)}]`, reason });
    }
    seen.add(place);
  });
}

/** A private file counts by the variable that names it. */
function placeOf(target: SecretTarget): string {
  switch (target.kind) {
    case 'environment':
      return `variable ${target.variable}`;
    case 'file':
      return target.path === null ? `variable ${target.variable ?? ''}` : `path ${target.path}`;
    case 'descriptor':
      return `descriptor ${String(target.number)}`;
  }
}
