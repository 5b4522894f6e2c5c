import { ServiceError } from '../service-error.ts';

/**
 * Refuses a request that a page of another site made: so that another site cannot use a session cookie.
 * @throws ServiceError `REQUEST_FROM_ANOTHER_SITE`.
 */
export function refuseOtherSites(request: Request): void {
  if (isOwnOrigin(request)) return;
  throw new ServiceError('REQUEST_FROM_ANOTHER_SITE', { route: new URL(request.url).pathname.slice(0, 60) });
}

/** Browsers send Origin with every POST; a program that sends none carries no borrowed cookie. */
function isOwnOrigin(request: Request): boolean {
  const origin = request.headers.get('origin');
  if (origin === null) return request.headers.get('sec-fetch-site') === null;
  return URL.parse(origin)?.host === (request.headers.get('host') ?? new URL(request.url).host);
}
