import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { createClock } from '../../embedded/clock.ts';
import { type GiteaClient, giteaClient } from '../../src/gitea/gitea-client.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { lossyProxy } from './lossy-proxy.ts';

const botPassword = 'bot-password-of-the-test-4711';

/**
 * An embedded Gitea with an administrator, a bot and a repository, behind a proxy that counts requests and drops
 * answers.
 */
export async function giteaWorld() {
  const gitea = await startEmbeddedGitea({ clock: createClock() });
  gitea.addUser({ name: 'bot', password: botPassword, administrator: true });
  gitea.addUser({ name: 'deployer', password: 'deployer-password-1234', administrator: false });
  gitea.addRepository('acme/shop', { private: true });
  const proxy = await lossyProxy(gitea.url);
  const authentication = { kind: 'basic', user: 'bot', password: new SecretValue(botPassword) } as const;
  const direct: GiteaClient = giteaClient({ url: gitea.url, authentication });
  return {
    gitea,
    password: new SecretValue(botPassword),
    proxy,
    /** The issuer's client, through the proxy. */
    client: giteaClient({ url: proxy.url, authentication }),
    /** The test's client, without the proxy. */
    direct,
    stop: async () => {
      await proxy.stop();
      await gitea.stop();
    },
  };
}
