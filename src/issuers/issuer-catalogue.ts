import type { AzureCloud } from '../secrets/azure-cloud.ts';
import { randomBytes as systemRandomBytes } from 'node:crypto';
import { type GiteaClient, giteaClient } from '../gitea/gitea-client.ts';
import type { CredentialIssuer } from '../rotation/ports/credential-issuer.ts';
import type { CredentialClass } from '../rotation/ports/rotation-steps.ts';
import type { AccessTokens } from './shared/access-tokens.ts';
import { azureKeysIssuer } from './azure/azure-keys-issuer.ts';
import { azureRegistryTokenIssuer } from './azure/azure-registry-token-issuer.ts';
import { entraCertificateIssuer } from './azure/entra-certificate-issuer.ts';
import { entraPasswordIssuer } from './azure/entra-password-issuer.ts';
import { databaseIssuers } from './databases/database-issuers.ts';
import { generatedIssuer } from './local/generated-issuer.ts';
import { giteaDeployKeyIssuer } from './gitea/gitea-deploy-key-issuer.ts';
import { giteaTokenIssuer } from './gitea/gitea-token-issuer.ts';
import { giteaUserPasswordIssuer } from './gitea/gitea-user-password-issuer.ts';
import { giteaWebhookSecretIssuer } from './gitea/gitea-webhook-secret-issuer.ts';
import { hmacSecretIssuer } from './local/hmac-secret-issuer.ts';
import type { ReadSecret } from './shared/read-secret.ts';
import { rabbitmqIssuer } from './rabbitmq/rabbitmq-issuer.ts';
import type { IssuerPorts } from './shared/issuer-ports.ts';
import { sshKeyPairIssuer } from './local/ssh-key-pair-issuer.ts';
import { unconfiguredIssuer } from './shared/unconfigured-issuer.ts';
import { webhookIssuer } from './webhook/webhook-issuer.ts';

/** Every credential issuer, by the name that the policy uses. */
export function issuerCatalogue(ports: IssuerPorts): ReadonlyMap<string, CredentialIssuer> {
  const { randomBytes = systemRandomBytes, ownReceiver = null, readSecret = null, azure = null } = ports;
  const { azureMissing = 'KEYTURN_IDENTITY_KIND' } = ports;
  const gitea = ports.gitea ? giteaClient(ports.gitea) : null;
  const issuers: readonly CredentialIssuer[] = [
    generatedIssuer({ randomBytes }),
    hmacSecretIssuer({ randomBytes }),
    sshKeyPairIssuer({ randomBytes }),
    withGitea('gitea-token', 'minted', (client) =>
      giteaTokenIssuer({ gitea: client, ownToken: ports.gitea?.ownToken ?? null }),
    ),
    withGitea('gitea-deploy-key', 'chosen', (client) => giteaDeployKeyIssuer({ gitea: client, randomBytes })),
    withGitea('gitea-webhook-secret', 'chosen', (client) =>
      giteaWebhookSecretIssuer({ gitea: client, randomBytes, ownReceiver }),
    ),
    withGitea('gitea-user-password', 'chosen', (client) => giteaUserPasswordIssuer({ gitea: client, randomBytes })),
    ...Object.entries(databaseIssuers).map(([name, make]) =>
      withSecrets(name, (read) => make({ readSecret: read, randomBytes })),
    ),
    withSecrets('rabbitmq', (read) => rabbitmqIssuer({ readSecret: read, randomBytes })),
    withSecrets('webhook', (read) => webhookIssuer({ name: 'webhook', readSecret: read, randomBytes })),
    withSecrets(
      'webhook-minted',
      (read) => webhookIssuer({ name: 'webhook-minted', readSecret: read, randomBytes }),
      'minted',
    ),
    withAzure('azure-keys', 'read-back', (parts) =>
      azureKeysIssuer({ tokens: parts.tokens, endpoint: parts.resourceManager, cloud: parts.cloud }),
    ),
    withAzure('azure-registry-token', 'minted', (parts) =>
      azureRegistryTokenIssuer({ tokens: parts.tokens, endpoint: parts.resourceManager, cloud: parts.cloud }),
    ),
    withAzure('entra-password', 'minted', (parts) => entraPasswordIssuer(parts)),
    withAzure('entra-certificate', 'chosen', (parts) => entraCertificateIssuer({ ...parts, randomBytes })),
  ];
  return new Map(issuers.map((issuer) => [issuer.name, issuer]));

  function withGitea(
    name: string,
    credentialClass: CredentialClass,
    make: (client: GiteaClient) => CredentialIssuer,
  ): CredentialIssuer {
    return gitea === null
      ? unconfiguredIssuer(name, credentialClass, 'KEYTURN_GITEA_URL and the credential of a Gitea user')
      : make(gitea);
  }

  function withSecrets(
    name: string,
    make: (read: ReadSecret) => CredentialIssuer,
    credentialClass: CredentialClass = 'chosen',
  ): CredentialIssuer {
    return readSecret === null ? unconfiguredIssuer(name, credentialClass, 'KEYTURN_VAULTS') : make(readSecret);
  }

  function withAzure(
    name: string,
    credentialClass: CredentialClass,
    make: (parts: AzureParts) => CredentialIssuer,
  ): CredentialIssuer {
    if (azure === null) return unconfiguredIssuer(name, credentialClass, azureMissing);
    const { tokens, cloud, resourceManager, graph, authority } = azure;
    return make({
      tokens,
      cloud,
      resourceManager: resourceManager ?? cloud.resourceManager,
      graph: graph ?? cloud.graph,
      authority: authority ?? cloud.authority,
    });
  }
}

interface AzureParts {
  readonly tokens: AccessTokens;
  readonly cloud: AzureCloud;
  readonly resourceManager: string;
  readonly graph: string;
  readonly authority: string;
}
