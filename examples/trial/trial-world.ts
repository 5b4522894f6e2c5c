import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';

/** The identities and tokens of the cloud that an operator tries Keyturn against. */
export interface TrialWorld {
  readonly keyturn: Principal;
  readonly runner: Principal;
  /** A developer, who reads from their own machine. */
  readonly developer: Principal;
  /** Gitea's tokens: for Keyturn, and for a developer who pushes workflows. */
  readonly serviceToken: string;
  readonly developerToken: string;
  readonly webhookSecret: string;
}

export const repository = 'acme/shop';
export const runnerLabel = 'shop';
/** The label of the runner whose jobs ask the broker. */
export const brokerLabel = 'shop-broker';

interface TrialSecret {
  readonly name: string;
  readonly ageDays: number;
  /** `null`: it never expires. */
  readonly expiresInDays: number | null;
  readonly environment: 'prod' | 'staging';
  /** Whether the runner's identity may read it. */
  readonly forRunner: boolean;
}

/** What the vault holds: one secret that is nearly due, one that is not, a token of Gitea, and one that nobody looks after. */
export const trialSecrets: readonly TrialSecret[] = [
  { name: 'payments-api-key', ageDays: 85, expiresInDays: 5, environment: 'prod', forRunner: true },
  { name: 'storefront-session-key', ageDays: 50, expiresInDays: 40, environment: 'prod', forRunner: true },
  { name: 'deploy-token', ageDays: 30, expiresInDays: 60, environment: 'prod', forRunner: true },
  { name: 'legacy-smtp-password', ageDays: 400, expiresInDays: null, environment: 'staging', forRunner: false },
];

const dayMs = 86_400_000;
/** Built-in role `Reader`. */
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/**
 * Sets up vault, identities, Gitea and its runner. `jobEnvironment`: what each job inherits from its runner.
 * `portal`: where the service will listen, for Gitea's webhook.
 */
export async function setUpTrial(
  cloud: EmbeddedCloud,
  {
    jobEnvironment,
    brokerConfiguration,
    portal,
  }: {
    readonly jobEnvironment: Readonly<Record<string, string>>;
    /** What the second runner's jobs find in the place of the first one's configuration. */
    readonly brokerConfiguration: string;
    readonly portal: string;
  },
): Promise<TrialWorld> {
  const { identity, gitea } = cloud;
  const keyturn = identity.define({ name: 'keyturn', kind: 'managed-identity', address: '203.0.113.5' });
  const runner = identity.define({ name: 'runner-shop', kind: 'managed-identity', address: '203.0.113.10' });
  const developer = identity.define({
    name: 'dora',
    kind: 'person',
    userPrincipalName: 'dora@acme.example',
    address: '198.51.100.20',
  });
  cloud.vault.grant(developer, ['list']);
  letServiceLook(cloud, keyturn);

  const now = cloud.clock.now().getTime();
  const token = await deployToken(cloud);
  for (const { name, ageDays, expiresInDays, environment, forRunner } of trialSecrets) {
    cloud.vault.seed({
      name,
      value: name === 'deploy-token' ? token.value : `trial-${crypto.randomUUID()}`,
      created: new Date(now - ageDays * dayMs),
      expires: expiresInDays === null ? null : new Date(now + expiresInDays * dayMs),
      tags: { environment, owner: 'acme', ...(name === 'deploy-token' && { CredentialId: token.id }) },
    });
    // Secret by secret: an identity that may read the whole vault may read what waits in it, too.
    if (forRunner) for (const reader of [runner, developer]) cloud.vault.grant(reader, ['get'], name);
  }
  cloud.vault.seed({ name: 'keyturn-canary', value: `canary-${crypto.randomUUID()}` });
  cloud.vault.seed({ name: 'keyturn-staging-key', value: `${crypto.randomUUID()}${crypto.randomUUID()}` });
  // In Azure a row takes minutes; nobody learns anything by waiting for it here.
  cloud.auditLog.setDelay(0);

  gitea.addUser({ name: 'dora', password: crypto.randomUUID() });
  gitea.addUser({ name: 'keyturn', password: crypto.randomUUID(), administrator: true });
  gitea.addRepository(repository, { private: true, administrators: ['dora'] });
  gitea.addRunner({ name: 'runner-shop', labels: [runnerLabel], version: '3.3.0', environment: jobEnvironment });
  gitea.addRunner({
    name: 'runner-broker',
    labels: [brokerLabel],
    version: '3.3.0',
    environment: { ...jobEnvironment, KEYTURN_FETCH_CONFIGURATION: brokerConfiguration },
  });
  const webhookSecret = crypto.randomUUID();
  gitea.addWebhook(`${portal}/events/gitea`, webhookSecret);
  return {
    keyturn,
    runner,
    developer,
    // The scopes of docs/gitea.md: the ledger of jobs, and administration for tokens that are rotated.
    serviceToken: gitea.seedToken('keyturn', 'keyturn-service', ['read:repository', 'write:user', 'write:admin']),
    developerToken: gitea.seedToken('dora', 'laptop', ['write:repository']),
    webhookSecret,
  };
}

/** What docs/self-hosting.md lets an administrator grant to the service. */
function letServiceLook({ vault, resourceManager, graph }: EmbeddedCloud, keyturn: Principal): void {
  vault.grant(keyturn, ['get', 'set', 'list', 'update']);
  resourceManager.authorisation.assign({
    role: readerRole,
    scope: vault.resourceId.split('/').slice(0, 3).join('/'),
    principalId: keyturn.objectId,
    principalType: 'ServicePrincipal',
  });
  graph.directory.letReadGroups(keyturn.objectId);
}

/** A token of an earlier rotation, with the id by which Gitea knows it: its end can be shown. */
async function deployToken({ gitea }: EmbeddedCloud): Promise<{ readonly id: string; readonly value: string }> {
  const [user, password, name] = ['deploy-bot', crypto.randomUUID(), 'keyturn.deploy-token.aaaaaaaaaaaaaaaa.1'];
  gitea.addUser({ name: user, password });
  const value = gitea.seedToken(user, name, ['read:repository']);
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const listed = await fetch(`${gitea.url}/api/v1/users/${user}/tokens`, { headers: { authorization } });
  const tokens = (await listed.json()) as readonly { id: number; name: string }[];
  return { value, id: String(tokens.find((token) => token.name === name)?.id) };
}
