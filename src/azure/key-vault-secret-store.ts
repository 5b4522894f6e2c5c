import { setTimeout as wait } from 'node:timers/promises';
import type { SecretProperties, SetSecretOptions, UpdateSecretPropertiesOptions } from '@azure/keyvault-secrets';
import type { SecretStore, SecretVersion } from '../rotation/ports/secret-store.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { knownNewest } from './known-newest.ts';
import { newestCandidates, newestFirst } from './newest-version.ts';
import { type VaultAccess, type VaultClient, vaultClient } from './vault-client.ts';
import { isAbsence, isPassing, readFailure, writeFailure } from './vault-failure.ts';

/** Reads are safe to repeat; two retries bridge a lost connection or a vault failover. */
const pausesMs = [200, 800];

/** How many secrets `list` looks up concurrently: well under 4,000 requests in 10 seconds. */
const lookedUpAtOnce = 8;

/**
 * One vault's secrets over Azure's client. Reads are retried if no answer arrived; a new version is requested once.
 * Returned names are lower-case, because policy, events and log rows are compared with them.
 */
export function keyVaultSecretStore(access: VaultAccess): SecretStore {
  const vault = access.vault.name;
  const reader = openReader(vault, vaultClient(access));
  const { client, serverTime } = reader;
  const known = knownNewest();
  return {
    latest: (name) => findNewest(reader, name, () => listSecrets(reader)),

    versions: async (name) => newestFirst(await listVersions(reader, name)),

    async *list() {
      const shown = await listSecrets(reader);
      const listedAt = serverTime();
      known.keepOnly(shown);
      const changed: SecretProperties[] = [];
      for (const one of shown) {
        const version = known.find(one);
        if (version === null) changed.push(one);
        else yield version;
      }
      for (let start = 0; start < changed.length; start += lookedUpAtOnce) {
        const some = changed.slice(start, start + lookedUpAtOnce);
        const newest = await Promise.all(some.map((one) => newestOfListed(one)));
        yield* newest.filter((one) => one !== null);
      }

      /** One version that is as the list shows it is remembered; of several alike nobody knows which. */
      async function newestOfListed(one: SecretProperties): Promise<SecretVersion | null> {
        const candidates = newestCandidates(await listVersions(reader, one.name));
        const [only] = candidates;
        if (candidates.length === 1 && only !== undefined && looksAlike(only, one)) known.remember(one, only, listedAt);
        return mostAlike(candidates, [one]);
      }
    },

    async value(name, version, before) {
      const read = async () => {
        await before();
        return await client.getSecret(name, { version });
      };
      const secret = await reader.read(name, read, version);
      return secret?.value === undefined ? null : new SecretValue(secret.value);
    },

    async add({ name, value, expires, contentType, tags, deadline }) {
      await authenticate(reader, name);
      // Signing in may have taken long, and the machine may have slept.
      if (deadline?.hasPassed() === true) throw new ServiceError('LEASE_ENDED', { target: vault });
      const options: SetSecretOptions = {
        tags: { ...tags },
        ...(expires === null ? {} : { expiresOn: expires }),
        ...(contentType === null ? {} : { contentType }),
      };
      try {
        return toVersion((await client.setSecret(name, value.reveal(), options)).properties);
      } catch (error) {
        throw writeFailure(error, { vault, secret: name });
      }
    },

    async update(name, version, { enabled, tags, expires }) {
      const options: UpdateSecretPropertiesOptions = {
        ...(enabled === undefined ? {} : { enabled }),
        ...(tags === undefined ? {} : { tags: { ...tags } }),
        ...(expires === undefined ? {} : { expiresOn: expires }),
      };
      const updated = await reader.read(name, () => client.updateSecretProperties(name, version, options), version);
      if (updated !== null) return toVersion(updated);
      throw new ServiceError('VAULT_REQUEST_REFUSED', { vault, secret: name, status: 404, reason: 'SecretNotFound' });
    },

    serverTime,
  };
}

interface VaultReader extends VaultClient {
  readonly vault: string;
  /** Runs a read and retries it if its answer is lost; returns `null` only if the vault answered 404. */
  readonly read: <Result>(
    secret: string | null,
    act: () => Promise<Result>,
    version?: string,
  ) => Promise<Result | null>;
}

/** The first read of a client runs alone, so that one challenge serves all. */
function openReader(vault: string, opened: VaultClient): VaultReader {
  let opening: Promise<unknown> | null = null;
  return {
    ...opened,
    vault,
    async read(secret, act, version) {
      if (!opened.authenticated() && opening !== null) await opening.catch(() => null);
      const reading = repeated(act);
      if (!opened.authenticated()) opening = reading;
      try {
        return await reading;
      } catch (error) {
        if (isAbsence(error)) return null;
        throw readFailure(error, { vault, secret, version: version ?? null });
      }
    },
  };
}

/** Needed before the first write: without a token, the SDK may send the body, and the value in it, unauthenticated. */
async function authenticate(reader: VaultReader, name: string): Promise<void> {
  const { vault, authenticated } = reader;
  if (authenticated()) return;
  try {
    await listVersions(reader, name);
  } catch (error) {
    if (!authenticated()) throw error;
  }
  if (!authenticated()) throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'the vault accepted no token' });
}

async function listVersions({ read, client }: VaultReader, name: string): Promise<SecretVersion[]> {
  const versions = await read(name, () => collected(client.listPropertiesOfSecretVersions(name)));
  return (versions ?? []).map(toVersion);
}

/** The properties of every secret's newest version, which name no version. */
async function listSecrets({ vault, read, client }: VaultReader): Promise<readonly SecretProperties[]> {
  const shown = await read(null, () => collected(client.listPropertiesOfSecrets()));
  if (shown === null)
    throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'the vault returned no list of secrets' });
  return shown;
}

/**
 * Finds a secret's newest version; if several are otherwise indistinguishable, the vault's listed properties decide.
 */
async function findNewest(
  reader: VaultReader,
  name: string,
  shown: () => Promise<readonly SecretProperties[]>,
): Promise<SecretVersion | null> {
  const candidates = newestCandidates(await listVersions(reader, name));
  if (candidates.length <= 1) return candidates[0] ?? null;
  const alike = (await shown()).filter((one) => one.name.toLowerCase() === name.toLowerCase());
  return mostAlike(candidates, alike);
}

function mostAlike(candidates: readonly SecretVersion[], shown: readonly SecretProperties[]): SecretVersion | null {
  return candidates.find((one) => shown.some((other) => looksAlike(one, other))) ?? candidates[0] ?? null;
}

async function repeated<Result>(act: () => Promise<Result>): Promise<Result> {
  for (const pause of pausesMs) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await wait(pause);
    }
  }
  return await act();
}

/**
 * Reads a complete paged listing. If a page is lost, it starts again, because an interrupted listing cannot be
 * continued.
 */
async function collected<Item>(pages: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

function toVersion(properties: SecretProperties): SecretVersion {
  const { name, version, enabled, notBefore, expiresOn, createdOn, contentType, tags, managed } = properties;
  return {
    name: name.toLowerCase(),
    version: version ?? '',
    enabled: enabled ?? true,
    notBefore: notBefore ?? null,
    expires: expiresOn ?? null,
    created: createdOn ?? new Date(0),
    contentType: contentType ?? null,
    tags: { ...tags },
    ...(managed === true ? { managed } : {}),
  };
}

/** Whether a version has the properties in the list of secrets, which names no version. */
function looksAlike(version: SecretVersion, shown: SecretProperties): boolean {
  const other = toVersion(shown);
  const parts = (one: SecretVersion) =>
    JSON.stringify([
      one.enabled,
      one.notBefore,
      one.expires,
      one.created,
      one.contentType,
      Object.entries(one.tags).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]);
  return parts(version) === parts(other);
}
