/** A repository that was renamed and then given away is two redirects from its first name. */
export const mostRedirects = 2;

/**
 * Where a redirected read goes on, or `null` if it must not be followed: Gitea answers 301 with a relative address at the
 * old name of a repository, so only an address of the same origin below the API is one. The credential is sent there.
 * `asked`: the address that answered; `gitea`: Gitea's own, which may have a path. Source: recorded `renamed-job-301`.
 */
export function redirectTarget(response: Response, asked: string, gitea: string): string | null {
  const location = response.headers.get('location');
  if (![301, 302, 307, 308].includes(response.status) || location === null) return null;
  const target = URL.parse(location, asked);
  const home = new URL(gitea);
  const api = `${home.pathname.replace(/\/+$/, '')}/api/v1/`;
  // An address with a user name in it would send that instead of the credential.
  if (target === null || target.username !== '' || target.password !== '') return null;
  return target.origin === home.origin && target.pathname.startsWith(api) ? target.href : null;
}
