import { giteaClient } from '../gitea/gitea-client.ts';
import type { GiteaAuthentication } from '../gitea/gitea-authentication.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { GiteaSettings } from '../settings.ts';

/** How Keyturn speaks to Gitea: with its token, and as Basic where Gitea takes no token. */
export interface GiteaAccess {
  readonly url: string;
  readonly asToken: () => Promise<GiteaAuthentication>;
  /** The token in the password's place: the routes of access tokens refuse a bare token. Source: Gitea services/auth/basic.go. */
  readonly asBasic: () => Promise<GiteaAuthentication>;
}

export function openGitea(
  settings: GiteaSettings,
  resolve: (setting: GiteaSettings['token']) => Promise<SecretValue>,
): GiteaAccess {
  const { url } = settings;
  let user: string | null = null;
  const asToken = async (): Promise<GiteaAuthentication> => ({ kind: 'token', value: await resolve(settings.token) });

  async function userName(): Promise<string> {
    const { body } = await giteaClient({ url, authentication: await asToken() }).request('GET', '/api/v1/user');
    const login = typeof body === 'object' && body !== null && 'login' in body ? body.login : undefined;
    if (typeof login === 'string') return login;
    throw new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: url, path: '/api/v1/user', place: 'login' });
  }

  return {
    url,
    asToken,
    async asBasic() {
      user ??= await userName();
      return { kind: 'basic', user, password: await resolve(settings.token) };
    },
  };
}
