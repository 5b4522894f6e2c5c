import { randomBytes as systemRandomBytes } from 'node:crypto';
import { type GiteaClient, giteaClient } from '../gitea/gitea-client.ts';
import type { CredentialIssuer } from '../rotation/credential-issuer.ts';
import type { CredentialClass } from '../rotation/rotation-steps.ts';
import type { AccessTokens } from './access-tokens.ts';
import { azureKeysIssuer } from './azure-keys-issuer.ts';
import { entraCertificateIssuer } from './entra-certificate-issuer.ts';
import { entraPasswordIssuer } from './entra-password-issuer.ts';
import { generatedIssuer } from './generated-issuer.ts';
import { giteaDeployKeyIssuer } from './gitea-deploy-key-issuer.ts';
import { giteaTokenIssuer } from './gitea-token-issuer.ts';
import { giteaUserPasswordIssuer } from './gitea-user-password-issuer.ts';
import { giteaWebhookSecretIssuer } from './gitea-webhook-secret-issuer.ts';
import { hmacSecretIssuer } from './hmac-secret-issuer.ts';
import { mariadbEngine } from './mariadb-engine.ts';
import { mysqlDualPasswordIssuer } from './mysql-dual-password-issuer.ts';
import { postgresqlEngine } from './postgresql-engine.ts';
import type { ReadSecret } from './read-secret.ts';
import { redisAclIssuer } from './redis-acl-issuer.ts';
import { twoUsersIssuer } from './two-users-issuer.ts';
import type { IssuerSurroundings } from './issuer-surroundings.ts';
import { sshKeyPairIssuer } from './ssh-key-pair-issuer.ts';
import { unconfiguredIssuer } from './unconfigured-issuer.ts';
import { webhookIssuer } from './webhook-issuer.ts';

/** Every credential issuer, by the name that the policy uses. */
export function issuerCatalogue(surroundings: IssuerSurroundings): ReadonlyMap<string, CredentialIssuer> {
  const { randomBytes = systemRandomBytes, ownReceiver = null, readSecret = null, azure = null } = surroundings;
  const gitea = surroundings.gitea ? giteaClient(surroundings.gitea) : null;
  const issuers: readonly CredentialIssuer[] = [
    generatedIssuer({ randomBytes }),
    hmacSecretIssuer({ randomBytes }),
    sshKeyPairIssuer({ randomBytes }),
    withGitea('gitea-token', 'minted', (client) =>
      giteaTokenIssuer({ gitea: client, ownToken: surroundings.gitea?.ownToken ?? null }),
    ),
    withGitea('gitea-deploy-key', 'chosen', (client) => giteaDeployKeyIssuer({ gitea: client, randomBytes })),
    withGitea('gitea-webhook-secret', 'chosen', (client) =>
      giteaWebhookSecretIssuer({ gitea: client, randomBytes, ownReceiver }),
    ),
    withGitea('gitea-user-password', 'chosen', (client) => giteaUserPasswordIssuer({ gitea: client, randomBytes })),
    withSecrets('postgresql', (read) =>
      twoUsersIssuer({ name: 'postgresql', engine: postgresqlEngine({ randomBytes }), readSecret: read, randomBytes }),
    ),
    withSecrets('mariadb', (read) =>
      twoUsersIssuer({ name: 'mariadb', engine: mariadbEngine({ randomBytes }), readSecret: read, randomBytes }),
    ),
    withSecrets('mysql-dual-password', (read) => mysqlDualPasswordIssuer({ readSecret: read, randomBytes })),
    withSecrets('redis-acl', (read) => redisAclIssuer({ readSecret: read, randomBytes })),
    withSecrets('webhook', (read) => webhookIssuer({ name: 'webhook', readSecret: read, randomBytes })),
    withSecrets(
      'webhook-minted',
      (read) => webhookIssuer({ name: 'webhook-minted', readSecret: read, randomBytes }),
      'minted',
    ),
    withAzure('azure-keys', 'read-back', (parts) =>
      azureKeysIssuer({ tokens: parts.tokens, endpoint: parts.resourceManager }),
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
    if (azure === null) return unconfiguredIssuer(name, credentialClass, 'KEYTURN_IDENTITY_KIND');
    const { tokens, resourceManager, graph, authority } = azure;
    return make({
      tokens,
      resourceManager: resourceManager ?? 'https://management.azure.com',
      graph: graph ?? 'https://graph.microsoft.com',
      authority: authority ?? 'https://login.microsoftonline.com',
    });
  }
}

interface AzureParts {
  readonly tokens: AccessTokens;
  readonly resourceManager: string;
  readonly graph: string;
  readonly authority: string;
}
