import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { TrialWorld } from './trial-world.ts';

/**
 * Returns the settings of a service in the trial's cloud, as an operator would set them, and writes into `directory` what
 * they name: the certificate of the log service, and the folder for records. They name no policy: the operator writes it.
 */
export async function trialSettings(
  cloud: EmbeddedCloud,
  { keyturn, serviceToken, webhookSecret }: TrialWorld,
  { directory, portal }: { readonly directory: string; readonly portal: URL },
): Promise<Readonly<Record<string, string>>> {
  const [certificate, records] = [join(directory, 'log-certificate.pem'), join(directory, 'records')];
  await writeFile(certificate, cloud.logAnalytics.certificate);
  await mkdir(records, { mode: 0o700 });
  return {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: `${cloud.vault.resourceId}=${cloud.vault.url}`,
    KEYTURN_GITEA_URL: cloud.gitea.url,
    KEYTURN_GITEA_TOKEN: serviceToken,
    KEYTURN_GITEA_WEBHOOK_SECRET: webhookSecret,
    KEYTURN_LOG_WORKSPACE_ID: cloud.logAnalytics.workspaceId,
    KEYTURN_LOG_ENDPOINT: cloud.logAnalytics.url,
    KEYTURN_LOG_CERTIFICATE: certificate,
    KEYTURN_RESOURCE_MANAGER_ENDPOINT: cloud.resourceManager.url,
    KEYTURN_GRAPH_ENDPOINT: cloud.graph.url,
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_CLIENT_ID: keyturn.clientId,
    KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
    KEYTURN_DATA: records,
    KEYTURN_CANARY_SECRET: 'keyturn-canary',
    KEYTURN_STAGING_KEY_SECRET: 'keyturn-staging-key',
    KEYTURN_ORGANISATION: 'Acme',
    KEYTURN_PORT: portal.port,
  };
}

/** Writes a person's own configuration. Returns the folder to name as XDG_CONFIG_HOME. */
export async function writeOwnConfiguration(cloud: EmbeddedCloud, directory: string): Promise<string> {
  const home = join(directory, 'laptop');
  await mkdir(join(home, 'keyturn'), { recursive: true, mode: 0o700 });
  const authorityFile = join(home, 'authority.pem');
  await writeFile(authorityFile, cloud.entra.certificate);
  const { tenantId, url: authority } = cloud.entra;
  const configuration = {
    format: 1,
    vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
    identity: { kind: 'device-code', tenantId, authority },
    authorityFile,
  };
  await writeFile(join(home, 'keyturn', 'fetch.json'), `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 });
  return home;
}

/** Writes the same for a runner without an identity in Azure, whose jobs ask the broker. Returns its path. */
export async function writeBrokerConfiguration(
  cloud: EmbeddedCloud,
  { directory, portal }: { readonly directory: string; readonly portal: string },
): Promise<string> {
  const path = join(directory, 'fetch-by-broker.json');
  const configuration = {
    format: 1,
    service: portal,
    gitea: cloud.gitea.url,
    vaults: [{ name: cloud.vault.name }],
    identity: { kind: 'broker' },
    names: 'plain',
  };
  await writeFile(path, `${JSON.stringify(configuration, null, 2)}\n`);
  return path;
}

/** Writes what the runner's operator mounts into jobs, docs/formats.md "Fetch configuration". Returns its path. */
export async function writeFetchConfiguration(
  cloud: EmbeddedCloud,
  { directory, portal, clientId }: { readonly directory: string; readonly portal: string; readonly clientId: string },
): Promise<string> {
  const path = join(directory, 'fetch.json');
  const configuration = {
    format: 1,
    service: portal,
    gitea: cloud.gitea.url,
    vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
    identity: { kind: 'managed-identity', clientId, endpoint: cloud.identity.url },
    names: 'plain',
  };
  await writeFile(path, `${JSON.stringify(configuration, null, 2)}\n`);
  return path;
}
