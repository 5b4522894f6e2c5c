import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { Dice } from '../simulation/dice.ts';

const hourMs = 3_600_000;
const validityMs = 4 * hourMs;
const tokenScopes = ['read:repository', 'read:user'];

/** One secret of the soak. `user`: whose token or password it is. */
interface SoakSecret {
  readonly name: string;
  readonly issuer: 'generated' | 'gitea-token' | 'gitea-user-password' | null;
  readonly user?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** What the soak's servers work on, and by which names they know it. */
export interface SoakWorld {
  readonly cloud: EmbeddedCloud;
  readonly keyturn: Principal;
  readonly runner: Principal;
  readonly secrets: readonly SoakSecret[];
  /** Passwords of Gitea's users, by name, but for those that rotate. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly gitea: { readonly serviceToken: string; readonly webhookSecret: string };
}

/** Secrets that end in a call for a person, each for a reason of its own. */
export const secretsForPeople = ['first-key', 'guarded-key', 'nobody-deploy', 'partner-key'];
export const repositories = ['acme/shop', 'acme/billing'];
export const runnerName = 'runner-one';

/** Puts secrets, users, repositories and a runner into the cloud: `size` generated secrets, and tokens for a third as many users. */
export function setUpWorld(cloud: EmbeddedCloud, size: number, dice: Dice): SoakWorld {
  const { identity, vault, gitea } = cloud;
  const keyturn = identity.define({ name: 'keyturn', kind: 'managed-identity', address: '203.0.113.5' });
  const runner = identity.define({ name: runnerName, kind: 'managed-identity', address: '203.0.113.20' });
  vault.grant(keyturn, ['get', 'set', 'list', 'update']);
  vault.grant(runner, ['get']);
  const bots = Array.from({ length: Math.max(1, Math.floor(size / 3)) }, (_, index) => `bot-${String(index + 1)}`);
  const passwords = new Map(bots.map((bot) => [bot, `bot-${randomUUID()}`]));
  const signIn = `Sign-in-${randomUUID()}`;
  for (const [name, password] of passwords) gitea.addUser({ name, password });
  gitea.addUser({ name: 'robot', password: signIn });
  gitea.addUser({ name: 'keyturn', password: `service-${randomUUID()}`, administrator: true });
  for (const repository of repositories) gitea.addRepository(repository);
  gitea.addRunner({ name: runnerName, labels: ['linux'] });

  const secrets = secretsOf(size, bots);
  const world = { cloud, keyturn, runner, secrets, passwords };
  for (const secret of secrets) seed(world, secret, signIn, dice);
  vault.seed({ name: 'keyturn-canary', value: `canary-${randomUUID()}` });
  vault.seed({ name: 'keyturn-staging-key', value: `seal-${randomUUID()}${randomUUID()}` });
  const serviceToken = gitea.seedToken('keyturn', 'keyturn-service', ['read:repository', 'write:user', 'write:admin']);
  return { ...world, gitea: { serviceToken, webhookSecret: randomUUID() } };
}

function secretsOf(size: number, bots: readonly string[]): readonly SoakSecret[] {
  return [
    ...Array.from({ length: size }, (_, index) => ({
      name: `session-key-${String(index + 1)}`,
      issuer: 'generated' as const,
    })),
    ...bots.map((user) => ({ name: `${user}-deploy`, issuer: 'gitea-token' as const, user })),
    { name: 'robot-sign-in', issuer: 'gitea-user-password', user: 'robot' },
    // Each of these needs a person.
    { name: 'first-key', issuer: 'generated', more: { first: 'go' } },
    { name: 'guarded-key', issuer: 'generated', more: { approval: ['publish'] } },
    { name: 'nobody-deploy', issuer: 'gitea-token', user: 'nobody' },
    { name: 'partner-key', issuer: null },
  ];
}

function seed(
  world: Omit<SoakWorld, 'gitea'>,
  { name, issuer, user = '' }: SoakSecret,
  signIn: string,
  dice: Dice,
): void {
  const { vault, gitea, clock } = world.cloud;
  // Due at different times, none of them long before the soak begins.
  const created = new Date(clock.now().getTime() - dice.between(0, Math.floor((validityMs * 2) / 3)));
  const expires = new Date(
    secretsForPeople.includes(name) ? clock.now().getTime() + hourMs : created.getTime() + validityMs,
  );
  const tags = { environment: 'prod' };
  if (issuer === 'gitea-user-password') vault.seed({ name, created, expires, tags, value: signIn });
  else if (issuer === 'gitea-token' && user !== 'nobody') {
    // Keyturn disables the version of a token that it did not make, and leaves the token to its maker.
    vault.seed({ name, created, expires, tags, value: gitea.seedToken(user, 'made-by-hand', tokenScopes) });
  } else vault.seed({ name, created, expires, tags, value: `value-${randomUUID()}${randomUUID()}` });
}

/** The access tokens that Gitea has of a user now. */
export async function liveTokens(
  { cloud, passwords }: Pick<SoakWorld, 'cloud' | 'passwords'>,
  user: string,
): Promise<readonly { readonly id: number; readonly name: string }[]> {
  const authorization = `Basic ${Buffer.from(`${user}:${passwords.get(user) ?? ''}`).toString('base64')}`;
  const listed = await fetch(`${cloud.gitea.url}/api/v1/users/${user}/tokens?limit=50`, { headers: { authorization } });
  return (await listed.json()) as readonly { id: number; name: string }[];
}

/** Writes the policy, whole or not at all. `variant`: which of its forms; each edition of an operator's policy differs. */
export function writePolicy({ keyturn, runner, secrets }: SoakWorld, file: string, variant: number): void {
  const written = secrets.flatMap(({ name, issuer, user, more }, index): (readonly [string, object])[] => {
    // Every second form leaves one secret out, each time another.
    if (issuer === 'generated' && more === undefined && variant % 2 === 1 && index === variant % 3) return [];
    if (issuer === null) return [[name, { validity: '2d', reminders: ['1d', '2h', '30m'], owner: 'partners' }]];
    const target = {
      generated: { length: 40 },
      'gitea-token': { user, scopes: tokenScopes },
      'gitea-user-password': { user },
    }[issuer];
    const rule = {
      issuer,
      target,
      validity: variant % 4 === 2 ? '3h' : '4h',
      grace: '20m',
      consumersLifetime: '20m',
      minimumAge: '30m',
      rotationsPerDay: 24,
      check: '30m',
      environment: 'prod',
      namespaces: ['prod'],
      ...more,
    };
    return [[name, rule]];
  });
  const text = stringify({
    format: 1,
    defaults: { first: 'automatic' },
    secrets: Object.fromEntries(written),
    namespaces: { prod: { repositories } },
    identities: {
      [keyturn.objectId]: { role: 'rotator' },
      [runner.objectId]: { role: 'runner', labels: ['linux'], repositories, addresses: [runner.address] },
    },
  });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** The settings of every server of the soak, but for its port. */
export function soakSettings(
  { cloud, keyturn, gitea }: SoakWorld,
  places: { readonly directory: string; readonly disk: string; readonly gitea: string; readonly people: string },
): Readonly<Record<string, string>> {
  const certificate = join(places.directory, 'log-certificate.pem');
  const records = join(places.disk, 'records');
  writeFileSync(certificate, cloud.logAnalytics.certificate);
  mkdirSync(records, { mode: 0o700 });
  return {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: `${cloud.vault.resourceId}=${cloud.vault.url}`,
    KEYTURN_GITEA_URL: places.gitea,
    KEYTURN_GITEA_TOKEN: gitea.serviceToken,
    KEYTURN_GITEA_WEBHOOK_SECRET: gitea.webhookSecret,
    KEYTURN_LOG_WORKSPACE_ID: cloud.logAnalytics.workspaceId,
    KEYTURN_LOG_ENDPOINT: cloud.logAnalytics.url,
    KEYTURN_LOG_CERTIFICATE: certificate,
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_CLIENT_ID: keyturn.clientId,
    KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
    KEYTURN_DATA: records,
    KEYTURN_POLICY: join(places.directory, 'keyturn.policy.yml'),
    KEYTURN_CANARY_SECRET: 'keyturn-canary',
    KEYTURN_STAGING_KEY_SECRET: 'keyturn-staging-key',
    KEYTURN_SIGNING_KEY: join(places.disk, 'sealing-key.pem'),
    KEYTURN_REPORT_PERIODS: 'none',
    KEYTURN_NOTIFY_WEBHOOK_URL: places.people,
    KEYTURN_NOTIFY_WEBHOOK_SECRET: `whsec_${Buffer.from(randomUUID()).toString('base64')}`,
    KEYTURN_LOG_FORMAT: 'json',
  };
}
