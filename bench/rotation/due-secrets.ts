import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The kind of due secrets: values that only their readers use, or tokens that Gitea creates. */
export type DueKind = 'generated' | 'gitea-token';

/** An embedded cloud in which N secrets are due in one minute, and the settings of a service that may rotate them. */
export interface DueSecrets {
  readonly names: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How long after publication the old versions may be disabled. */
  readonly restMs: number;
}

/** Vault writes of one rotation until the new value is in force; disabling the old version is one more. */
export const writesToPublish = {
  /** The new version. */
  generated: 1,
  /** The staged value, the new version, and the staged one disabled. */
  'gitea-token': 3,
} as const satisfies Record<DueKind, number>;

/**
 * Fills the vault and writes policy and an empty folder of records under `directory`. Makes no request and logs no row.
 */
export async function makeDueSecrets(
  { cloud, directory }: { readonly cloud: EmbeddedCloud; readonly directory: string },
  { kind, count }: { readonly kind: DueKind; readonly count: number },
): Promise<DueSecrets> {
  const rotator = cloud.identity.define({ name: 'rotator', kind: 'managed-identity', address: '203.0.113.5' });
  cloud.vault.grant(rotator, ['get', 'set', 'list', 'update']);
  const names = Array.from({ length: count }, (_, index) => `due-${String(index + 1).padStart(4, '0')}`);
  const now = cloud.clock.now().getTime();
  for (const name of names) {
    cloud.vault.seed({
      name,
      value: crypto.randomUUID(),
      created: new Date(now - 80 * dayMs),
      expires: new Date(now + 10 * dayMs),
      tags: { owner: 'bench' },
    });
  }
  cloud.vault.seed({ name: 'keyturn-staging-key', value: crypto.randomUUID() + crypto.randomUUID() });
  await mkdir(join(directory, 'records'), { recursive: true });
  await chmod(join(directory, 'records'), 0o700);
  const policy = join(directory, 'keyturn.policy.yml');
  await writeFile(policy, policyOf(names, kind));
  const environment = {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_ROLE: 'rotate',
    KEYTURN_VAULTS: `${cloud.vault.resourceId}=${cloud.vault.url}`,
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_CLIENT_ID: rotator.clientId,
    KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
    KEYTURN_DATA: join(directory, 'records'),
    KEYTURN_POLICY: policy,
    KEYTURN_STAGING_KEY_SECRET: 'keyturn-staging-key',
    ...(kind === 'gitea-token' ? giteaSettings(cloud, names) : {}),
  };
  return { names, environment, restMs: 2 * hourMs };
}

/** A user per secret, because work on one target is serialised, and five hundred secrets rarely share a target. */
function giteaSettings({ gitea }: EmbeddedCloud, names: readonly string[]): Readonly<Record<string, string>> {
  gitea.addUser({ name: 'keyturn', password: crypto.randomUUID(), administrator: true });
  for (const name of names) gitea.addUser({ name, password: crypto.randomUUID() });
  const scopes = ['read:repository', 'write:user', 'write:admin'];
  return {
    KEYTURN_GITEA_URL: gitea.url,
    KEYTURN_GITEA_TOKEN: gitea.seedToken('keyturn', 'keyturn-service', scopes),
  };
}

function policyOf(names: readonly string[], kind: DueKind): string {
  const target = (user: string) => (kind === 'generated' ? { length: 40 } : { user, scopes: ['read:repository'] });
  const bound = {
    issuer: kind,
    validity: '90d',
    grace: '1h',
    consumersLifetime: '1h',
    minimumAge: '1h',
    first: 'automatic',
  };
  return stringify({
    format: 1,
    secrets: Object.fromEntries(names.map((name) => [name, { ...bound, target: target(name) }])),
  });
}
