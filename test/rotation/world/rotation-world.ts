import { emptyMemory, type RotationTools } from '../../../src/rotation/rotation-tools.ts';
import type { VaultOperation } from '../../../src/rotation/journal/journal-entry.ts';
import type { VersionReaders } from '../../../src/rotation/ports/version-readers.ts';
import { type Policy, type SecretBinding, emptyPolicy } from '../../../src/secrets/policy.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { type Gateway, createGateway } from './gate.ts';
import type { MemoryProvider } from './memory-provider.ts';
import { mintingProvider, selfProvider, singleProvider, twoKeyProvider, twoUserProvider } from './memory-providers.ts';
import { type MemoryVault, memoryVault } from './memory-secret-store.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Everything outside the machine, in memory, under one clock that only the test moves. */
export interface RotationWorld {
  readonly tools: RotationTools;
  /** A new process: what the last one had in memory is gone. */
  restart(): void;
  readonly vault: MemoryVault;
  readonly gateway: Gateway;
  readonly providers: Readonly<Record<'mint' | 'two-users' | 'single' | 'two-keys' | 'random', MemoryProvider>>;
  readonly records: RotationTools['records'];
  /** What the audit will say of any old version. */
  readers: VersionReaders | null;
  killSwitch: boolean;
  /** The policy is another one from now on. */
  policy(policy: Policy): void;
  /** Reads that no journal entry accounts for. */
  readonly accounted: VaultOperation[];
  advance(milliseconds: number): void;
  /** Moves our clock alone; the vault's stays where it is. */
  skew(milliseconds: number): void;
  /** What a reader of the latest version gets; `null` when refused. */
  latestValue(name: string): string | null;
}

/** A binding with the defaults of the tests: 90 days valid, one hour of grace, no consumers that hold a value. */
export function bindingOf(name: string, issuer: string, more: Partial<SecretBinding> = {}): SecretBinding {
  return {
    vault: 'kv',
    name,
    issuer,
    target: issuer === 'random' ? {} : { account: name },
    validityMs: 90 * dayMs,
    graceMs: hourMs,
    consumersLifetimeMs: 0,
    minimumAgeMs: hourMs,
    rotationsPerDay: 2,
    environment: 'prod',
    namespaces: [],
    approval: [],
    group: null,
    alsoPublish: [],
    mode: 'automatic',
    first: 'automatic',
    windows: [],
    checkMs: 6 * hourMs,
    ...more,
  };
}

export function policyOf(...bindings: readonly SecretBinding[]): Policy {
  return { ...emptyPolicy, secrets: new Map(bindings.map((binding) => [`${binding.vault}/${binding.name}`, binding])) };
}

/** A world in which each bound secret has one version, eighty days old, that works and expires in ten. */
export function rotationWorld(
  bindings: readonly SecretBinding[],
  { seed = 1 }: { readonly seed?: number } = {},
): RotationWorld {
  let nowMs = Date.parse('2026-03-01T00:00:00Z');
  let skewMs = 0;
  let drawn = seed;
  const vaultNow = () => new Date(nowMs);
  const random = () => {
    // mulberry32: small, seeded, good enough to spread retries and to make values differ.
    drawn = (drawn + 0x6d2b79f5) | 0;
    let mixed = Math.imul(drawn ^ (drawn >>> 15), 1 | drawn);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const text = () =>
    Math.floor(random() * 2 ** 40)
      .toString(36)
      .padStart(8, '0');
  const gateway = createGateway();
  const vault = memoryVault('kv', vaultNow, gateway);
  const providers = {
    mint: mintingProvider(text, gateway),
    'two-users': twoUserProvider(text, gateway),
    single: singleProvider(text, gateway),
    'two-keys': twoKeyProvider(text, gateway),
    random: selfProvider(text, gateway),
  };
  const records = gated(memoryRecordStore(), gateway);
  const never = new AbortController().signal;
  const world: RotationWorld & { tools: RotationTools } = {
    restart: () => void (world.tools = { ...world.tools, memory: emptyMemory() }),
    vault,
    gateway,
    providers,
    records,
    readers: null,
    killSwitch: false,
    policy: (policy) => void (world.tools = { ...world.tools, policy }),
    accounted: [],
    advance: (milliseconds) => void (nowMs += milliseconds),
    skew: (milliseconds) => void (skewMs = milliseconds),
    latestValue: (name) => {
      const latest = vault.held(name).at(-1);
      return latest?.enabled === true ? latest.value.reveal() : null;
    },
    tools: {
      records,
      stores: new Map([['kv', vault]]),
      vaults: [
        {
          name: 'kv',
          url: 'https://kv.vault.azure.net',
          resourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv',
        },
      ],
      policy: policyOf(...bindings),
      issuers: new Map(Object.values(providers).map(({ issuer }) => [issuer.name, issuer])),
      places: new Map(),
      readers: {
        readersOf: () =>
          gateway.pass('readers', () => world.readers ?? { watermark: vaultNow(), gaps: [], reads: [], running: [] }),
      },
      staging: { vault: null, key: () => Promise.resolve(new SecretValue('k'.repeat(43))) },
      memory: emptyMemory(),
      accountFor: (reads) => {
        world.accounted.push(...reads);
        return Promise.resolve();
      },
      killSwitch: () => Promise.resolve(world.killSwitch),
      now: () => new Date(nowMs + skewMs),
      monotonicMs: () => nowMs,
      random,
      newId: text,
      abortAfter: () => never,
    },
  };
  for (const binding of bindings) seedSecret(world, binding, new Date(nowMs - 80 * dayMs));
  return world;
}

/** The version that stood before Keyturn came: an old credential that works. */
function seedSecret({ vault, providers }: RotationWorld, binding: SecretBinding, created: Date): void {
  const { name, issuer, validityMs } = binding;
  const account = String(binding.target['account']);
  const value =
    {
      mint: `value-of-old-${name}`,
      'two-users': `a:old-${name}`,
      single: `only:old-${name}`,
      'two-keys': `key-old-${account}`,
      random: `value-of-old-${name}`,
    }[issuer] ?? '';
  const id =
    { mint: `old-${name}`, 'two-users': 'a', single: 'only', 'two-keys': 'key1', random: null }[issuer] ?? null;
  const provider = Object.values(providers).find((one) => one.issuer.name === issuer);
  if (id !== null && provider !== undefined && provider.live(account).length === 0) {
    provider.put(account, { id, name: `keyturn.${name}.aaaaaaaaaaaaaaaa.1`, value });
    if (issuer === 'two-keys') provider.put(account, { id: 'key2', name: 'key2', value: `key-spare-${account}` });
  }
  vault.put({
    name,
    value: new SecretValue(value),
    created,
    expires: new Date(created.getTime() + validityMs),
    tags: { owner: 'team-a', ...(id === null ? {} : { CredentialId: id, 'rotation-id': 'aaaaaaaaaaaaaaaa.1' }) },
  });
}

function gated(store: RotationTools['records'], gateway: Gateway): RotationTools['records'] {
  return {
    create: (path, bytes) => gateway.pass(`records.create ${path}`, () => store.create(path, bytes)),
    replace: (path, bytes, revision) =>
      gateway.pass(`records.replace ${path}`, () => store.replace(path, bytes, revision)),
    remove: (path, revision) => gateway.pass(`records.remove ${path}`, () => store.remove(path, revision)),
    read: (path) => gateway.pass(`records.read ${path}`, () => store.read(path)),
    list: (prefix) => store.list(prefix),
  };
}
