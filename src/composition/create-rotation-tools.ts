import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { recordCheck, recordOwnRead } from '../audit/collection/own-read-ledger.ts';
import { findVersionReaders } from '../audit/find-version-readers.ts';
import type { AccessTokens } from '../issuers/shared/access-tokens.ts';
import type { HookDeliveries } from '../issuers/shared/hook-deliveries.ts';
import { issuerCatalogue } from '../issuers/issuer-catalogue.ts';
import type { OwnToken } from '../issuers/shared/issuer-ports.ts';
import { secretReader } from '../issuers/shared/read-secret.ts';
import { publicationPlaces } from '../issuers/publication-places.ts';
import type { Trace } from '../log/trace.ts';
import type { RecordStore } from '../records/record-store.ts';
import { emptyMemory, type RotationTools } from '../rotation/rotation-tools.ts';
import type { SecretStore } from '../rotation/ports/secret-store.ts';
import type { Policy } from '../secrets/policy.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { Settings } from '../settings.ts';
import type { GiteaAccess } from './open-gitea.ts';

interface Ports {
  readonly settings: Settings;
  /** Asked each time: the policy may change while the process runs. */
  readonly policy: () => Policy;
  readonly records: RecordStore;
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly gitea: GiteaAccess | null;
  readonly credential: AccessTokens;
  readonly deliveries: HookDeliveries;
  readonly now: () => Date;
  readonly watch: NonNullable<RotationTools['log']>;
  readonly trace: Trace;
}

/** Wires everything that a rotation uses. The audit says who still reads an old version. */
export function createRotationTools({
  settings,
  policy,
  records,
  stores,
  gitea,
  credential,
  deliveries,
  now,
  watch,
  trace,
}: Ports): RotationTools {
  const giteaParts =
    gitea === null ? null : { url: gitea.url, authentication: gitea.asBasic, ownToken: ownTokenOf(settings) };
  return {
    records,
    stores,
    vaults: settings.vaults,
    get policy() {
      return policy();
    },
    issuers: issuerCatalogue({
      gitea: giteaParts,
      ownReceiver: { deliveries, addresses: receivingAddresses(settings) },
      readSecret: secretReader(stores, async (read) => {
        await recordOwnRead(records, { ...read, at: now().toISOString(), purpose: 'issuer' });
      }),
      // Tokens of the embedded cloud must never be sent to Azure itself.
      azure: settings.embedded ? null : { tokens: credential, cloud: settings.cloud },
      ...(settings.embedded && { azureMissing: 'Azure itself, and is not available in the embedded cloud' }),
    }),
    places: publicationPlaces({ gitea: giteaParts }),
    readers: {
      readersOf: async (secret, since) => await findVersionReaders({ records, policy: policy(), now }, secret, since),
    },
    staging: {
      vault: settings.stagingVault?.name ?? null,
      key: async () =>
        await stagingKey(settings, stores, async (read) => {
          await recordOwnRead(records, { ...read, at: now().toISOString(), purpose: 'setting' });
        }),
    },
    memory: emptyMemory(),
    accountFor: async (reads) => {
      for (const { vault, secret, version, at } of reads)
        if (version !== null) await recordCheck(records, { vault, secret, version, at });
    },
    killSwitch: () => Promise.resolve(settings.killSwitch),
    now,
    monotonicMs: () => performance.now(),
    random: Math.random,
    newId: randomUUID,
    abortAfter: (milliseconds) => AbortSignal.timeout(Math.max(0, Math.floor(milliseconds))),
    wait: async (milliseconds) => await wait(milliseconds),
    trace,
    log: watch,
  };
}

/** The addresses at which this service takes Gitea's deliveries: the public one, and where it listens. Empty without a webhook secret. */
export function receivingAddresses({
  gitea,
  publicUrl,
  listen: { host, port },
}: Pick<Settings, 'gitea' | 'publicUrl' | 'listen'>): readonly string[] {
  if (gitea === null || gitea.webhookSecret === null) return [];
  const listens = port === 0 ? [] : [`http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`];
  return [...(publicUrl === null ? [] : [publicUrl]), ...listens].map((address) => `${address}/events/gitea`);
}

/** The vault secret that holds the service's own Gitea token; `null` if the settings hold it, or name another vault for it. */
function ownTokenOf({ gitea, vaults }: Settings): OwnToken | null {
  if (gitea?.token.kind !== 'reference') return null;
  const { vaultUrl, name, version } = gitea.token;
  const vault = vaults.find(({ url }) => url === vaultUrl);
  return vault === undefined ? null : { vault: vault.name, name, version };
}

/** Reads the key of the staging seal. It is never kept. `before`: called before each request for it. */
async function stagingKey(
  { stagingKeySecret }: Settings,
  stores: ReadonlyMap<string, SecretStore>,
  before: (read: { readonly vault: string; readonly secret: string; readonly version: string }) => Promise<void>,
): Promise<SecretValue> {
  const missing = (reason: string) =>
    new ServiceError('SETTINGS_MALFORMED', { faults: [`KEYTURN_STAGING_KEY_SECRET: ${reason}`] });
  if (stagingKeySecret === null) throw missing('this role may not read it');
  const { vault, name } = stagingKeySecret;
  const store = stores.get(vault);
  if (store === undefined) throw missing('its vault is not configured');
  const version = stagingKeySecret.version ?? (await store.latest(name))?.version;
  const value =
    version === undefined
      ? null
      : await store.value(name, version, async () => {
          await before({ vault, secret: name, version });
        });
  if (value === null) throw missing('the secret is not there');
  return value;
}
