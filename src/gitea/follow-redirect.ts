/** A repository that was renamed and then transferred redirects twice from its first name. */
export const mostRedirects = 2;

/**
 * Returns the address to which a read may follow a redirect, or `null`. Gitea answers 301 with a relative address for the
 * old name of a repository. Only an address of the same origin below the API is followed, because the credential is sent
 * there. `asked`: the address that answered; `gitea`: Gitea's address, which may have a path. Source: recorded `renamed-job-301`.
 */
export function redirectTarget(response: Response, asked: string, gitea: string): string | null {
  const location = response.headers.get('location');
  if (![301, 302, 307, 308].includes(response.status) || location === null) return null;
  const target = URL.parse(location, asked);
  const home = new URL(gitea);
  const api = `${home.pathname.replace(/\/+$/, '')}/api/v1/`;
  // A user name in the address would be sent instead of the credential.
  if (target === null || target.username !== '' || target.password !== '') return null;
  return target.origin === home.origin && target.pathname.startsWith(api) ? target.href : null;
}
