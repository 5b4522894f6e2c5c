import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoryAround, storyPolicy } from './story-policy.ts';
import type { StoryWorld } from './story-world.ts';

/**
 * Environment variables of a service in the story's world, as an operator would set them; writes the files that they
 * name.
 */
export async function storySettings(
  world: StoryWorld,
  directory: string,
  around: StoryAround = {},
): Promise<Readonly<Record<string, string>>> {
  const { cloud, keyturn, broker, runners, gitea } = world;
  await mkdir(directory, { recursive: true });
  const policy = join(directory, 'keyturn.policy.yml');
  const certificate = join(directory, 'log-certificate.pem');
  const identities = {
    keyturn: keyturn.objectId,
    broker: broker.objectId,
    runners: Object.fromEntries([...runners].map(([name, { objectId }]) => [name, objectId])),
  };
  await writeFile(policy, storyPolicy(identities, gitea.bot, around));
  await writeFile(certificate, cloud.logAnalytics.certificate);
  await mkdir(join(directory, 'records'), { recursive: true });
  await chmod(join(directory, 'records'), 0o700);
  return {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: `${cloud.vault.resourceId}=${cloud.vault.url}`,
    KEYTURN_GITEA_URL: cloud.gitea.url,
    KEYTURN_GITEA_TOKEN: gitea.serviceToken,
    KEYTURN_GITEA_WEBHOOK_SECRET: gitea.webhookSecret,
    KEYTURN_LOG_WORKSPACE_ID: cloud.logAnalytics.workspaceId,
    KEYTURN_LOG_ENDPOINT: cloud.logAnalytics.url,
    KEYTURN_LOG_CERTIFICATE: certificate,
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_CLIENT_ID: keyturn.clientId,
    KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
    KEYTURN_DATA: join(directory, 'records'),
    KEYTURN_POLICY: policy,
    KEYTURN_SIGNING_KEY: join(directory, 'sealing-key.pem'),
    KEYTURN_CANARY_SECRET: 'keyturn-canary',
    KEYTURN_STAGING_KEY_SECRET: 'keyturn-staging-key',
    KEYTURN_ORGANISATION: 'Acme (embedded cloud)',
    KEYTURN_ROLE: 'all',
  };
}

/** What the settings of a broker beside that service have of their own: its role, its identity and its token. */
export function brokerSettings({ broker, gitea }: StoryWorld): Readonly<Record<string, string>> {
  return {
    KEYTURN_ROLE: 'broker',
    KEYTURN_IDENTITY_CLIENT_ID: broker.clientId,
    KEYTURN_GITEA_TOKEN: gitea.brokerToken,
  };
}

/** The fetch configuration of a runner whose jobs ask the broker: it names no identity of Azure. */
export async function brokerFetchConfiguration(
  { cloud }: StoryWorld,
  broker: string,
  directory: string,
): Promise<string> {
  const path = join(directory, 'fetch-by-broker.json');
  const vaults = [{ name: cloud.vault.name }];
  // On a machine that makes no jail the agent is shown all the same.
  const identity = { kind: 'broker', jail: 'cooperative' };
  const configuration = { format: 1, service: broker, gitea: cloud.gitea.url, vaults, identity, names: 'plain' };
  await writeFile(path, JSON.stringify(configuration, null, 2));
  return path;
}

/** The fetch configuration that the payments runner mounts into its jobs. */
export async function fetchConfiguration(world: StoryWorld, service: string, directory: string): Promise<string> {
  const { cloud, runners } = world;
  const path = join(directory, 'fetch.json');
  const configuration = {
    format: 1,
    service,
    gitea: cloud.gitea.url,
    vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
    identity: {
      kind: 'managed-identity',
      clientId: runners.get('runner-payments')?.clientId,
      endpoint: cloud.identity.url,
    },
    names: 'plain',
  };
  await writeFile(path, JSON.stringify(configuration, null, 2));
  return path;
}
