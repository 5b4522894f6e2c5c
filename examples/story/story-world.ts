import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import { brokered, repositories, runners, secrets } from './fixtures.ts';

/** The identities of the story's people and machines. */
export interface StoryWorld {
  readonly cloud: EmbeddedCloud;
  readonly keyturn: Principal;
  /** May get single secrets, and neither list nor set. */
  readonly broker: Principal;
  readonly runners: ReadonlyMap<string, Principal>;
  /** A person who may read, and a build machine of another team that may not. */
  readonly person: Principal;
  readonly stranger: Principal;
  readonly gitea: {
    readonly bot: string;
    readonly botPassword: string;
    readonly serviceToken: string;
    readonly brokerToken: string;
    /** The ids of the accounts of people, by name. */
    readonly accounts: Readonly<Record<'ben' | 'cem', number>>;
    readonly webhookSecret: string;
  };
}

/** The service calls of the story; the service runs beside it on the same clock. */
export interface StoryService {
  /** The hourly canary read; the service's collector also makes it if it runs every hour. */
  readCanary(): Promise<unknown>;
  collectJobs(): Promise<unknown>;
  collectRetrievals(): Promise<unknown>;
  reconcileRotations(): Promise<unknown>;
  /** Posts receipts as the helper does. */
  readonly postReceipts: (token: string, receipts: readonly Receipt[]) => Promise<void>;
}

const day = 86_400_000;

/** Sets up the embedded cloud as it was thirty days before `liveAt`, without log rows or events. */
export async function setTheScene(cloud: EmbeddedCloud, liveAt: Date): Promise<StoryWorld> {
  const { identity, vault, gitea } = cloud;
  const keyturn = identity.define({ name: 'keyturn', kind: 'managed-identity', address: '203.0.113.5' });
  const broker = identity.define({ name: 'keyturn-broker', kind: 'managed-identity', address: '203.0.113.6' });
  const principals = new Map(
    runners.map(({ name, address }) => [name, identity.define({ name, kind: 'managed-identity', address })]),
  );
  const person = identity.define({
    name: 'ann',
    kind: 'person',
    userPrincipalName: 'ann@acme.example',
    address: '198.51.100.7',
  });
  const stranger = identity.define({
    name: 'build-of-another-team',
    kind: 'managed-identity',
    address: '198.51.100.90',
  });

  vault.grant(keyturn, ['get', 'set', 'list', 'update']);
  vault.grant(person, ['get']);
  for (const name of Object.values(brokered)) vault.grant(broker, ['get'], name);
  for (const principal of principals.values()) vault.grant(principal, ['get']);
  const botPassword = `bot-${crypto.randomUUID()}`;
  gitea.addUser({ name: 'deploy-bot', password: botPassword });
  const deployToken = await existingToken(cloud, 'deploy-bot', botPassword);
  for (const { name, environment, ageDays, validityDays, expires } of secrets) {
    const created = new Date(liveAt.getTime() - ageDays * day);
    const exp = new Date(created.getTime() + validityDays * day);
    vault.seed({
      name,
      value: name === 'deploy-token' ? deployToken.value : `story-${name}-${crypto.randomUUID()}`,
      created,
      expires: expires ? exp : null,
      tags: {
        environment,
        owner: 'acme',
        ...(expires && { expires: exp.toISOString().slice(0, 10) }),
        ...(name === 'deploy-token' && { CredentialId: deployToken.id }),
      },
    });
  }
  vault.seed({
    name: 'keyturn-canary',
    value: `canary-${crypto.randomUUID()}`,
    created: new Date(liveAt.getTime() - 365 * day),
  });
  vault.seed({ name: 'keyturn-staging-key', value: `seal-${crypto.randomUUID()}${crypto.randomUUID()}` });

  for (const repository of repositories) gitea.addRepository(repository, { private: true });
  for (const { name, label } of runners) gitea.addRunner({ name, labels: [label], version: '3.3.0' });
  gitea.addUser({ name: 'keyturn', password: `service-${crypto.randomUUID()}`, administrator: true });
  // One token for the job ledger and for administration as the bot; docs/gitea.md lists the scopes.
  const scopes = ['read:repository', 'write:user', 'write:admin'];
  const serviceToken = gitea.seedToken('keyturn', 'keyturn-service', scopes);
  const brokerToken = gitea.seedToken('keyturn', 'keyturn-broker', ['read:repository']);
  const account = (name: string) => gitea.addUser({ name, password: `${name}-${crypto.randomUUID()}` }).id;
  const accounts = { ben: account('ben'), cem: account('cem') };
  const webhookSecret = crypto.randomUUID();
  return {
    cloud,
    keyturn,
    broker,
    runners: principals,
    person,
    stranger,
    gitea: { bot: 'deploy-bot', botPassword, serviceToken, brokerToken, accounts, webhookSecret },
  };
}

/** A token of an earlier rotation: its end can be shown, because Gitea refuses it afterwards. */
async function existingToken(
  { gitea }: EmbeddedCloud,
  user: string,
  password: string,
): Promise<{ id: string; value: string }> {
  const name = 'keyturn.deploy-token.aaaaaaaaaaaaaaaa.1';
  const value = gitea.seedToken(user, name, ['read:repository']);
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const listed = await fetch(`${gitea.url}/api/v1/users/${user}/tokens`, { headers: { authorization } });
  const tokens = (await listed.json()) as readonly { id: number; name: string }[];
  return { value, id: String(tokens.find((token) => token.name === name)?.id) };
}
