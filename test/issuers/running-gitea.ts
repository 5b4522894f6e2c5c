import { setTimeout as wait } from 'node:timers/promises';
import { type GiteaClient, giteaClient } from '../../src/gitea/gitea-client.ts';
import { jsonProperties } from '../../src/gitea/json-properties.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

/** A Gitea that somebody runs, as `npm run test:gitea` names it: address and administrator. `null` in every other run. */
export interface RunningGitea {
  readonly url: string;
  readonly admin: GiteaClient;
}

export function runningGitea(): RunningGitea | null {
  const { RUNNING_GITEA_URL: url, RUNNING_GITEA_ADMIN: named } = process.env;
  if (url === undefined || named === undefined) return null;
  const colon = named.indexOf(':');
  const authentication = {
    kind: 'basic',
    user: named.slice(0, colon),
    password: new SecretValue(named.slice(colon + 1)),
  } as const;
  return { url: url.replace(/\/+$/, ''), admin: giteaClient({ url, authentication }) };
}

/** The address by which users of these tests are known as made by them. */
const mark = '@keyturn-tests.invalid';

/** What the tests of issuers need: made anew, so that one test leaves nothing for the next. */
export interface PreparedSite {
  readonly seedToken: (user: string, name: string, scopes: readonly string[]) => Promise<string>;
  /** Waits for what Gitea delivers after it has answered. */
  readonly settled: () => Promise<void>;
}

/**
 * Makes users bot (an administrator) and deployer and the private repository acme/shop anew. Refuses a Gitea that has a
 * user or an organisation of these names which these tests did not make.
 */
export async function prepareSite(
  { admin }: RunningGitea,
  passwords: Readonly<Record<string, string>>,
): Promise<PreparedSite> {
  await removeOwn(admin);
  for (const [username, password] of Object.entries(passwords)) {
    const body = { username, password, email: `${username}${mark}`, must_change_password: false };
    await expectStatus(admin, 'POST', '/api/v1/admin/users', 201, body);
  }
  const promoted = { login_name: 'bot', source_id: 0, admin: true };
  await expectStatus(admin, 'PATCH', '/api/v1/admin/users/bot', 200, promoted);
  await expectStatus(admin, 'POST', '/api/v1/orgs', 201, { username: 'acme', visibility: 'private' });
  await expectStatus(admin, 'POST', '/api/v1/orgs/acme/repos', 201, { name: 'shop', private: true, auto_init: true });
  return {
    async seedToken(user, name, scopes) {
      const made = await expectStatus(admin, 'POST', `/api/v1/users/${user}/tokens`, 201, { name, scopes });
      return String(jsonProperties(made).get('sha1'));
    },
    settled: () => wait(1_500),
  };
}

async function removeOwn(admin: GiteaClient): Promise<void> {
  const { status, body } = await admin.request('GET', '/api/v1/users/bot');
  const isOurs = status === 200 && String(jsonProperties(body).get('email')).endsWith(mark);
  const others = await Promise.all(
    ['/api/v1/users/deployer', '/api/v1/orgs/acme'].map(async (path) => (await admin.request('GET', path)).status),
  );
  if (!isOurs && (status === 200 || others.includes(200))) {
    throw new Error(
      'This Gitea has a user bot or deployer or an organisation acme that these tests did not make. Use a Gitea of your own for them.',
    );
  }
  // In this order: an organisation that owns a repository, and a user that owns anything, are kept.
  for (const path of [
    '/api/v1/repos/acme/shop',
    '/api/v1/orgs/acme',
    '/api/v1/admin/users/bot?purge=true',
    '/api/v1/admin/users/deployer?purge=true',
  ])
    await admin.request('DELETE', path);
}

async function expectStatus(
  admin: GiteaClient,
  method: 'POST' | 'PATCH',
  path: string,
  wanted: number,
  body: object,
): Promise<unknown> {
  const answer = await admin.request(method, path, { body });
  if (answer.status === wanted) return answer.body;
  throw new Error(`${method} ${path} answered ${String(answer.status)}, not ${String(wanted)}.`);
}
