import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { type GiteaClient, giteaClient } from '../../src/gitea/gitea-client.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { lossyProxy } from './lossy-proxy.ts';
import { type PreparedSite, prepareSite, runningGitea } from './running-gitea.ts';

const passwords = { bot: 'bot-password-of-the-test-4711', deployer: 'deployer-password-1234' };

/**
 * A Gitea with an administrator, a bot and a repository, behind a proxy that counts requests and drops answers: the
 * embedded one, or with `npm run test:gitea` the one that it names.
 */
export async function giteaWorld() {
  const site = await openSite();
  const proxy = await lossyProxy(site.url);
  const password = new SecretValue(passwords.bot);
  const authentication = { kind: 'basic', user: 'bot', password } as const;
  const direct: GiteaClient = giteaClient({ url: site.url, authentication });
  return {
    seedToken: site.seedToken,
    settled: site.settled,
    password,
    proxy,
    /** The issuer's client, through the proxy. */
    client: giteaClient({ url: proxy.url, authentication }),
    /** The test's client, without the proxy. */
    direct,
    stop: async () => {
      await proxy.stop();
      await site.stop();
    },
  };
}

async function openSite(): Promise<PreparedSite & { readonly url: string; stop(): Promise<void> }> {
  const running = runningGitea();
  if (running !== null) {
    return { ...(await prepareSite(running, passwords)), url: running.url, stop: () => Promise.resolve() };
  }
  const gitea = await startEmbeddedGitea({ clock: createClock() });
  gitea.addUser({ name: 'bot', password: passwords.bot, administrator: true });
  gitea.addUser({ name: 'deployer', password: passwords.deployer, administrator: false });
  gitea.addRepository('acme/shop', { private: true });
  return {
    url: gitea.url,
    seedToken: (user, name, scopes) => Promise.resolve(gitea.seedToken(user, name, scopes)),
    settled: () => gitea.settled(),
    stop: () => gitea.stop(),
  };
}
