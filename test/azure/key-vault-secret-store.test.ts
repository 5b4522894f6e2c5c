import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { keyVaultSecretStore } from '../../src/azure/key-vault-secret-store.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { secretStoreContract } from '../contracts/secret-store.contract.ts';
import { embeddedVault } from './embedded-vault.ts';

const started: EmbeddedCloud[] = [];
afterEach(async () => {
  for (const cloud of started.splice(0)) await cloud.stop();
});

async function world() {
  const cloud = await startEmbeddedCloud();
  cloud.auditLog.setDelay(0);
  started.push(cloud);
  const { principal, access } = embeddedVault(cloud);
  const open = () => keyVaultSecretStore({ ...access, userAgent: 'keyturn-rotator/0.1.0' });
  return { cloud, vault: cloud.vault, principal, access, open, store: open() };
}

const canary = 'a value that must never be seen 8f3a';
const version = (name = 'a') => ({ name, value: new SecretValue(canary), expires: null, contentType: null, tags: {} });

/** On a busy machine the first answers of a client with little patience may come too late for it. */
async function untilSignedIn(store: ReturnType<typeof keyVaultSecretStore>) {
  await vi.waitFor(() => store.latest('a'), { timeout: 120_000, interval: 10 });
}

secretStoreContract('Key Vault', async () => (await world()).store);

describe('adding a version', () => {
  it('is never retried: an answer lost after the write is unclear, and there is one version', async () => {
    const { vault, store } = await world();
    vault.fault({ kind: 'lose-answer', method: 'PUT', times: 1 });
    await expect(store.add(version())).rejects.toMatchObject({
      code: 'VAULT_ANSWER_UNCLEAR',
      details: { secret: 'a', status: null },
    });
    expect(vault.versions('a')).toHaveLength(1);
    expect(await store.latest('a')).toMatchObject({ version: vault.versions('a')[0]?.version });
  });

  it.each([
    ['fail-before', 0],
    ['fail-after', 1],
  ] as const)('is unclear if the vault fails (%s)', async (kind, versions) => {
    const { vault, store } = await world();
    vault.fault({ kind, method: 'PUT', times: 1, status: 503 });
    await expect(store.add(version())).rejects.toMatchObject({
      code: 'VAULT_ANSWER_UNCLEAR',
      details: { status: 503 },
    });
    expect(vault.versions('a')).toHaveLength(versions);
  });

  it('is unclear if the vault does not answer in time', async () => {
    const { vault, access } = await world();
    const store = keyVaultSecretStore({ ...access, answerWithinMs: 300 });
    await untilSignedIn(store);
    vault.fault({ kind: 'delay', method: 'PUT', times: 1, delayMs: 2_000 });
    await expect(store.add(version())).rejects.toMatchObject({ code: 'VAULT_ANSWER_UNCLEAR' });
  });

  it.each([4, null])('returns how long a throttling vault asks to wait (%j)', async (retryAfterSeconds) => {
    const { vault, store } = await world();
    vault.fault({ kind: 'throttle', method: 'PUT', times: 1, retryAfterSeconds });
    await expect(store.add(version())).rejects.toMatchObject({
      code: 'VAULT_THROTTLED',
      details: { retryAfterSeconds },
    });
    expect(vault.versions('a')).toHaveLength(0);
  });

  it('reports the sixteenth tag and a long value as requests that the vault refuses', async () => {
    const { store } = await world();
    const tags = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`tag-${String(index)}`, 'x']));
    const refusal = { code: 'VAULT_REQUEST_REFUSED', details: { status: 400, reason: 'BadParameter' } };
    await expect(store.add({ ...version(), tags })).rejects.toMatchObject(refusal);
    await expect(store.add({ ...version(), value: new SecretValue('x'.repeat(25_601)) })).rejects.toMatchObject(
      refusal,
    );
  });

  it('reports that a deleted secret occupies the name', async () => {
    const { store, access } = await world();
    await store.add(version());
    const token = await access.credential.getToken([]);
    const headers = { authorization: `Bearer ${token?.token ?? ''}` };
    await fetch(`${access.vault.url}/secrets/a?api-version=7.5`, { method: 'DELETE', headers });
    await expect(store.add(version())).rejects.toMatchObject({ code: 'SECRET_SOFT_DELETED', details: { secret: 'a' } });
  });

  it('never sends a value without a token, even from a new client or after a failed first request', async () => {
    const { vault, cloud, open } = await world();
    const cold = open();
    await Promise.all(Array.from({ length: 10 }, (_, index) => cold.add(version(`cold-${String(index)}`))));

    const broken = open();
    vault.fault({ kind: 'fail-before', times: 3 });
    await expect(broken.add(version('after'))).resolves.toMatchObject({ name: 'after' });

    const sent = requests(cloud);
    const probes = sent.filter(({ OperationName }) => OperationName === 'Authentication');
    expect(probes).toHaveLength(2);
    expect(sent.filter(({ OperationName }) => OperationName === 'SecretSet')).toHaveLength(11);
    expect(probes.every(({ ClientInfo }) => String(ClientInfo).startsWith('keyturn-rotator/0.1.0 '))).toBe(true);
  });

  it('reports an unreachable vault', async () => {
    const { cloud, store, open } = await world();
    await store.latest('a');
    await cloud.stop();
    started.splice(0);
    await expect(open().add(version())).rejects.toMatchObject({ code: 'VAULT_UNREACHABLE' });
    await expect(store.add(version())).rejects.toMatchObject({
      code: expect.stringMatching(/VAULT_(UNREACHABLE|ANSWER_UNCLEAR)/) as string,
    });
  });
});

describe('reading', () => {
  it('retries after a lost answer and a temporary failure', async () => {
    const { vault, store } = await world();
    const added = await store.add(version());
    vault.fault({ kind: 'lose-answer', method: 'GET', times: 1 });
    vault.fault({ kind: 'fail-before', method: 'GET', times: 1, status: 500 });
    expect(await store.latest('a')).toEqual(added);
  });

  it('waits for an answer once, and does not retry after a timeout', async () => {
    const { vault, access } = await world();
    const store = keyVaultSecretStore({ ...access, answerWithinMs: 300 });
    await untilSignedIn(store);
    vault.fault({ kind: 'delay', method: 'GET', times: 1, delayMs: 2_000 });
    await expect(store.latest('a')).rejects.toMatchObject({
      code: 'VAULT_UNREACHABLE',
      details: { reason: 'timeout' },
    });
  });

  it('gives up finally, without reporting absence', async () => {
    const { vault, store } = await world();
    await store.add(version());
    vault.fault({ kind: 'fail-before', method: 'GET', times: 3, status: 503 });
    await expect(store.latest('a')).rejects.toMatchObject({
      code: 'VAULT_UNREACHABLE',
      details: { reason: 'HTTP 503' },
    });
  });

  it.each(['ForbiddenByRbac', 'ForbiddenByConnection', 'ForbiddenByFirewall'])(
    'says who was refused and why (%s), and does not take it for absence',
    async (innerCode) => {
      const { vault, store, principal } = await world();
      await store.add(version());
      vault.fault({ kind: 'deny', times: 1, innerCode });
      await expect(store.latest('a')).rejects.toMatchObject({
        code: 'VAULT_ACCESS_DENIED',
        retry: 'after-propagation',
        details: { vault: vault.name, secret: 'a', objectId: principal.objectId, reason: innerCode },
      });
    },
  );

  it('reports that no token was available', async () => {
    const { access } = await world();
    const credential = { getToken: () => Promise.reject(new Error(`with ${canary} inside`)) };
    const store = keyVaultSecretStore({ ...access, credential });
    const failure = await store.latest('a').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(String(failure)).not.toContain(canary);
  });

  it('agrees with the vault on the newest version if two of one second differ only in tags', async () => {
    const { vault, store, access } = await world();
    const created = new Date('2026-11-01T00:00:00Z');
    for (let round = 0; round < 6; round++) {
      vault.seed({ name: `twin-${String(round)}`, value: 'one', created, tags: { maker: 'one' } });
      vault.seed({ name: `twin-${String(round)}`, value: 'two', created, tags: { maker: 'two' } });
      const latest = await store.latest(`twin-${String(round)}`);
      expect(latest?.tags).toEqual({ maker: 'two' });
    }
    expect(access.vault.url).toContain('localhost');
  });

  it('reads properties without disclosing a value', async () => {
    const { store, cloud } = await world();
    await store.add(version());
    await store.latest('a');
    await store.versions('a');
    for await (const one of store.list()) expect(one.name).toBe('a');
    const names = requests(cloud).map(({ OperationName }) => OperationName);
    expect(names).not.toContain('SecretGet');
  });
});

describe('changing properties', () => {
  it('retries, because it is idempotent', async () => {
    const { vault, store } = await world();
    const added = await store.add(version());
    vault.fault({ kind: 'lose-answer', method: 'PATCH', times: 1 });
    expect(await store.update('a', added.version, { enabled: false })).toMatchObject({ enabled: false });
  });

  it('refuses an unknown version', async () => {
    const { store } = await world();
    await store.add(version());
    await expect(store.update('a', '0'.repeat(32), { enabled: false })).rejects.toMatchObject({
      code: 'VAULT_REQUEST_REFUSED',
      details: { status: 404 },
    });
  });
});

describe('listing the newest version of every secret', () => {
  const minutes = (count: number) => count * 60_000;
  async function listedWorld() {
    const { cloud, vault, store } = await world();
    cloud.clock.stand();
    for (const name of ['a', 'b', 'c']) vault.seed({ name, value: canary });
    cloud.clock.advance(minutes(2));
    const list = async () => {
      const rows = cloud.auditLog.rows().length;
      const versions = new Map<string, string>();
      for await (const one of store.list()) versions.set(one.name, one.version);
      const looked = cloud.auditLog
        .rows()
        .slice(rows)
        .filter(({ OperationName }) => OperationName === 'SecretListVersions').length;
      return { versions, looked };
    };
    const isNewest = (versions: ReadonlyMap<string, string>) => {
      for (const name of ['a', 'b', 'c']) expect(versions.get(name)).toBe(vault.versions(name).at(-1)?.version);
    };
    return { cloud, vault, store, list, isNewest };
  }

  it('asks for the versions of a secret once, and again only when the list shows that it changed', async () => {
    const { cloud, vault, store, list, isNewest } = await listedWorld();
    expect((await list()).looked).toBe(3);
    expect(await list()).toMatchObject({ looked: 0 });
    vault.seed({ name: 'a', value: canary });
    cloud.clock.advance(minutes(2));
    const changed = await list();
    expect(changed.looked).toBe(1);
    isNewest(changed.versions);
    await store.update('b', vault.versions('b')[0]?.version ?? '', { enabled: false });
    const disabled = await list();
    expect(disabled.looked).toBe(1);
    expect((await all(store)).find(({ name }) => name === 'b')?.enabled).toBe(false);
  });

  it('notices a version that is set in the second of the last one, alike but for its value', async () => {
    const { vault, list, isNewest } = await listedWorld();
    vault.seed({ name: 'a', value: canary });
    isNewest((await list()).versions);
    vault.seed({ name: 'a', value: `${canary} again` });
    const { looked } = await list();
    expect(looked).toBeGreaterThan(0);
  });

  it('looks up a secret that is new, and none beside it', async () => {
    const { cloud, vault, list, isNewest } = await listedWorld();
    await list();
    vault.seed({ name: 'd', value: canary });
    cloud.clock.advance(minutes(2));
    expect((await list()).looked).toBe(1);
    isNewest((await list()).versions);
  });

  async function all(store: ReturnType<typeof keyVaultSecretStore>) {
    const found = [];
    for await (const one of store.list()) found.push(one);
    return found;
  }
});

it('puts no value into any error', async () => {
  const { vault, store } = await world();
  for (const kind of ['lose-answer', 'fail-after', 'throttle', 'deny'] as const) {
    vault.fault({ kind, method: 'PUT', times: 1 });
    const failure = await store.add(version()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const shown = inspect(failure, { depth: null, showHidden: true });
    expect(JSON.stringify(failure) + String(failure) + shown).not.toContain(canary);
  }
});

function requests(cloud: EmbeddedCloud): readonly Readonly<Record<string, unknown>>[] {
  return cloud.auditLog.rows();
}
