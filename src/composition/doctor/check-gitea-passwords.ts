import { giteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import type { Composition } from '../composition.ts';
import { type Check, fail, lookAt, pass } from './check.ts';

/**
 * If the policy binds a secret to `gitea-user-password`, checks that Gitea accepts passwords over its API at all: otherwise
 * no new password could be confirmed. Signs in as a user that does not exist, which Gitea logs as a failed attempt.
 */
export async function checkGiteaPasswords({
  policy,
  settings,
}: Pick<Composition, 'policy' | 'settings'>): Promise<readonly Check[]> {
  const { gitea, role } = settings;
  const isBound = [...policy().secrets.values()].some(({ issuer }) => issuer === 'gitea-user-password');
  if (gitea === null || role === 'report' || !isBound) return [];
  const what = 'Gitea passwords';
  const password = new SecretValue('not-a-password');
  const client = giteaClient({ url: gitea.url, authentication: { kind: 'basic', user: 'keyturn-doctor', password } });
  const check = await lookAt(what, async () => {
    const { body } = await client.request('GET', '/api/v1/user', { statuses: [401] });
    if (jsonProperties(body).get('message') !== 'token is required') {
      return pass(what, 'Gitea accepts passwords over its API; a user with a second factor still needs gitea-token');
    }
    return fail(
      what,
      'Gitea accepts no password over its API, so gitea-user-password rotates nothing. Set [service] ENABLE_BASIC_AUTHENTICATION = true in app.ini, or bind these users to gitea-token',
    );
  });
  return [check];
}
