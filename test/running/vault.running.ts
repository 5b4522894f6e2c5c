import { randomBytes } from 'node:crypto';
import { AzureCliCredential } from '@azure/identity';
import type { TokenCredential } from '@azure/core-auth';
import { keyVaultSecretStore } from '../../src/azure/key-vault-secret-store.ts';
import type { SecretStore, SecretVersion } from '../../src/rotation/ports/secret-store.ts';
import { secretStoreContract } from '../contracts/secret-store.contract.ts';

const { RUNNING_VAULT_URL: url, RUNNING_VAULT_TOKEN: token } = process.env;
if (url === undefined) throw new Error('Run it as npm run test:vault -- --url URL.');

const { hostname, href } = new URL(url);
const onThisMachine = hostname === 'localhost' || hostname === '127.0.0.1';
const vault = { name: hostname.split('.')[0] ?? '', url: href.replace(/\/$/, ''), resourceId: null };
const given: TokenCredential = {
  getToken: () => Promise.resolve({ token: token ?? 'none', expiresOnTimestamp: Date.now() + 3_600_000 }),
};
// A token that is named, or at a vault on this machine, any; else whoever is signed in with `az login`.
const credential = token !== undefined || onThisMachine ? given : new AzureCliCredential();

secretStoreContract(`the vault at ${hostname}`, () => {
  const store = keyVaultSecretStore({ vault, credential, embedded: onThisMachine });
  return Promise.resolve(withPrefix(store, `keyturn-test-${randomBytes(6).toString('hex')}-`));
});

/** A part of the vault that is empty: every name begins with the prefix, and nothing else is shown. */
function withPrefix(store: SecretStore, prefix: string): SecretStore {
  const plain = (version: SecretVersion): SecretVersion => ({ ...version, name: version.name.slice(prefix.length) });
  return {
    async latest(name) {
      const found = await store.latest(prefix + name);
      return found === null ? null : plain(found);
    },
    versions: async (name) => (await store.versions(prefix + name)).map(plain),
    async *list() {
      for await (const version of store.list()) if (version.name.startsWith(prefix)) yield plain(version);
    },
    value: async (name, version, before) => await store.value(prefix + name, version, before),
    add: async (version) => plain(await store.add({ ...version, name: prefix + version.name })),
    update: async (name, version, change) => plain(await store.update(prefix + name, version, change)),
    serverTime: () => store.serverTime(),
  };
}
