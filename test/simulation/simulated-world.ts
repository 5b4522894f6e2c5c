import type { CredentialIssuer } from '../../src/rotation/credential-issuer.ts';
import type { RotationTools } from '../../src/rotation/rotation-tools.ts';
import type { SecretStore, SecretVersion } from '../../src/rotation/secret-store.ts';
import { type SecretBinding, emptyPolicy } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import {
  type MemoryProvider,
  mintingProvider,
  selfProvider,
  singleProvider,
  twoKeyProvider,
  twoUserProvider,
} from '../rotation/world/memory-provider.ts';
import { type MemoryVault, memoryVault } from '../rotation/world/memory-secret-store.ts';
import type { Dice } from './dice.ts';
import type { Process, Scheduler } from './scheduler.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** In every value that is ever made, so that one search finds any of them where it must not be. */
export const valueMark = 'zq9';
/** In values that nobody of ours made. */
export const plantedMark = 'planted';

/** A job of a pipeline: read the latest value once, and uses it until it ends. */
export interface SimulatedJob {
  readonly secret: string;
  readonly version: string;
  readonly readAtMs: number;
  readonly endsAtMs: number;
}

/** What a process saw right before it acts, by secret: the newest version. */
export type Looks = ReadonlyMap<string, string>;

/** The truth, which no process sees but through its calls. */
export interface SimulatedWorld {
  nowMs: number;
  /** How far the clock of our processes is off. */
  skewMs: number;
  readonly bindings: readonly SecretBinding[];
  readonly vault: MemoryVault;
  readonly providers: Readonly<Record<string, MemoryProvider>>;
  readonly records: Map<string, { bytes: Uint8Array; revision: string }>;
  readonly jobs: SimulatedJob[];
  /** Credentials that people made for themselves: nobody else may end one. */
  readonly byHand: { readonly account: string; readonly id: string }[];
  /** Log rows arrive so much later. */
  logLagMs: number;
  /** Everything a process of ours has said. */
  readonly said: string[];
  /** Called at the moment a credential is about to end, whoever asked for it and whenever the request arrives. */
  beforeRevocation: (binding: SecretBinding, credentialId: string, looks: Looks) => void;
  /** Secrets that a person had rotated at once, without a grace, and from when on. */
  readonly emergencies: Map<string, number>;
  /** Versions that somebody else set. */
  readonly foreign: Set<string>;
  /** Of those, the ones whose credential was ended at that very moment: nobody can close this window. */
  readonly raced: Set<string>;
  providerOf(binding: SecretBinding): MemoryProvider;
  /** The tools of one process: each call waits for the scheduler. */
  toolsFor(process: Process, scheduler: Scheduler): RotationTools;
}

const issuerNames = ['random', 'mint', 'two-users', 'single', 'two-keys'] as const;

export function simulatedWorld(dice: Dice): SimulatedWorld {
  const startMs = Date.parse('2026-03-01T00:00:00Z');
  const world = { nowMs: startMs, skewMs: 0, logLagMs: 0 } as SimulatedWorld;
  const now = () => new Date(world.nowMs);
  const text = () => `${valueMark}${Math.floor(dice.next() * 2 ** 40).toString(36)}`;
  const providers: Record<string, MemoryProvider> = {
    mint: mintingProvider(text, now),
    'two-users': twoUserProvider(text, now),
    single: singleProvider(text, now),
    'two-keys': twoKeyProvider(text, now),
    random: selfProvider(text, now),
  };
  const bindings = someBindings(dice);
  const vault = memoryVault('kv', now);
  const records = new Map<string, { bytes: Uint8Array; revision: string }>();
  Object.assign(world, {
    bindings,
    vault,
    providers,
    records,
    jobs: [],
    byHand: [],
    said: [],
    emergencies: new Map(),
    foreign: new Set(),
    raced: new Set(),
    beforeRevocation: () => undefined,
  });
  world.providerOf = ({ issuer }) => {
    const provider = providers[issuer];
    if (provider === undefined) throw new Error(issuer);
    return provider;
  };
  for (const binding of bindings) seedSecret(world, binding, startMs);
  world.toolsFor = (process, scheduler) => toolsFor(world, process, scheduler, dice);
  return world;
}

function someBindings(dice: Dice): readonly SecretBinding[] {
  const grouped = dice.hits(0.2);
  const issuer = dice.pick(issuerNames);
  const count = grouped ? dice.between(2, 3) : dice.pick([1, 1, 1, 2]);
  const approval = dice.hits(0.15) ? [dice.pick(['publish', 'revoke'] as const)] : [];
  const graceMs = dice.pick([0, 60_000, hourMs, 4 * hourMs]);
  return Array.from({ length: count }, (_one, index) => {
    const own = grouped ? issuer : index === 0 ? issuer : dice.pick(issuerNames);
    const name = `app${String(index)}`;
    return {
      vault: 'kv',
      name,
      issuer: own,
      target: { account: grouped ? 'shared' : name },
      validityMs: 90 * dayMs,
      graceMs,
      consumersLifetimeMs: dice.pick([0, 0, hourMs]),
      minimumAgeMs: hourMs,
      rotationsPerDay: 4,
      environment: null,
      namespaces: [],
      approval,
      group: grouped ? 'group' : null,
      alsoPublish: [],
    };
  });
}

function seedSecret(
  { providers, vault }: SimulatedWorld,
  { name, issuer, target }: SecretBinding,
  startMs: number,
): void {
  const account = String(target['account']);
  const provider = providers[issuer];
  const value =
    {
      mint: `${valueMark}old-${account}`,
      'two-users': `a:${valueMark}old`,
      single: `only:${valueMark}old`,
      'two-keys': `${valueMark}key1`,
    }[issuer] ?? `${valueMark}old`;
  const id = { mint: `old-${account}`, 'two-users': 'a', single: 'only', 'two-keys': 'key1' }[issuer] ?? null;
  if (id !== null && provider?.live(account).length === 0) {
    provider.put(account, { id, name: `keyturn.${name}.aaaaaaaaaaaaaaaa.1`, value });
    if (issuer === 'two-keys') provider.put(account, { id: 'key2', name: 'key2', value: `${valueMark}key2` });
    // Somebody else's, at the same account: must be there for ever.
    if (issuer === 'mint') provider.put(account, { id: 'foreign', name: 'made by hand', value: `${valueMark}foreign` });
  }
  vault.put({
    name,
    value: new SecretValue(value),
    created: new Date(startMs - 80 * dayMs),
    expires: new Date(startMs + 10 * dayMs),
    tags: { owner: 'team', ...(id === null ? {} : { CredentialId: id, 'rotation-id': 'aaaaaaaaaaaaaaaa.1' }) },
  });
}

function toolsFor(world: SimulatedWorld, process: Process, scheduler: Scheduler, dice: Dice): RotationTools {
  const never = new AbortController().signal;
  const looks = new Map<string, { version: string; calls: number }>();
  let calls = 0;
  const call = <Value>(what: string, effect: () => Promise<Value>) => {
    calls += 1;
    return scheduler.call(process, what, effect);
  };
  const see = (name: string, version: string) => void looks.set(name, { version, calls });
  // With two units in one pass, their calls alternate.
  const recent = world.bindings.some(({ group }) => group !== null) || world.bindings.length === 1 ? 3 : 12;
  const fresh = () =>
    new Map([...looks].flatMap(([name, look]) => (calls - look.calls <= recent ? [[name, look.version]] : [])));
  let vaultSaid: Date | null = null;
  return {
    records: recordsFor(world, call),
    stores: new Map([
      [
        'kv',
        storeFor(
          world,
          call,
          see,
          (said) => (vaultSaid = said),
          () => vaultSaid,
        ),
      ],
    ]),
    vaults: [{ name: 'kv', url: 'https://kv.vault.azure.net', resourceId: null }],
    policy: { ...emptyPolicy, secrets: new Map(world.bindings.map((one) => [`kv/${one.name}`, one])) },
    issuers: new Map(
      Object.values(world.providers).map(({ issuer }) => [issuer.name, issuerFor(world, issuer, call, fresh)]),
    ),
    places: new Map(),
    readers: {
      readersOf: ({ name, version }) => call('readers', () => Promise.resolve(readersOf(world, name, version))),
    },
    staging: { vault: null, key: () => Promise.resolve(new SecretValue('k'.repeat(43))) },
    killSwitch: () => Promise.resolve(false),
    now: () => new Date(world.nowMs + world.skewMs),
    monotonicMs: () => world.nowMs,
    random: () => dice.next(),
    newId: () => String(dice.next()),
    abortAfter: () => never,
    log: ({ says }) => void world.said.push(says),
  };
}

type Call = <Value>(what: string, effect: () => Promise<Value>) => Promise<Value>;

function storeFor(
  { vault }: SimulatedWorld,
  call: Call,
  see: (name: string, version: string) => void,
  hear: (said: Date) => void,
  said: () => Date | null,
): SecretStore {
  const ask = <Value>(what: string, effect: () => Promise<Value>) =>
    call(`vault.${what}`, async () => {
      const value = await effect();
      const at = vault.serverTime();
      if (at !== null) hear(at);
      return value;
    });
  return {
    latest: (name) =>
      ask(`latest ${name}`, async () => {
        const latest = await vault.latest(name);
        if (latest !== null) see(name, latest.version);
        return latest;
      }),
    versions: (name) => ask(`versions ${name}`, () => vault.versions(name)),
    async *list() {
      yield* await ask('list', async () => await listed(vault));
    },
    value: (name, version) => ask(`value ${name}`, () => vault.value(name, version)),
    add: (version) => ask(`add ${version.name}`, () => vault.add(version)),
    update: (name, version, change) => ask(`update ${name}`, () => vault.update(name, version, change)),
    serverTime: said,
  };
}

async function listed(vault: MemoryVault): Promise<readonly SecretVersion[]> {
  const versions: SecretVersion[] = [];
  for await (const version of vault.list()) versions.push(version);
  return versions;
}

function issuerFor(world: SimulatedWorld, issuer: CredentialIssuer, call: Call, fresh: () => Looks): CredentialIssuer {
  const ask = <Value>(what: string, effect: () => Promise<Value>) => call(`provider.${what}`, effect);
  return {
    ...issuer,
    issue: (request, proposed) => ask(`issue ${request.binding.name}`, () => issuer.issue(request, proposed)),
    verify: (request, credential) => ask('verify', () => issuer.verify(request, credential)),
    describe: (request) => ask('describe', () => issuer.describe(request)),
    list: (binding, signal) => ask('list', () => issuer.list(binding, signal)),
    revoke: (request, id) => {
      const looks = fresh();
      return ask(`revoke ${request.binding.name} ${id}`, () => {
        world.beforeRevocation(request.binding, id, looks);
        return issuer.revoke(request, id);
      });
    },
    lastUsed: (request, id) => ask('lastUsed', () => issuer.lastUsed(request, id)),
  };
}

function recordsFor({ records }: SimulatedWorld, call: Call): RotationTools['records'] {
  const put = (path: string, bytes: Uint8Array) => {
    revisions += 1;
    const revision = String(revisions);
    records.set(path, { bytes, revision });
    return revision;
  };
  return {
    create: (path, bytes) =>
      call(`records.create ${path}`, () => {
        if (records.has(path)) return Promise.reject(new ServiceError('RECORD_EXISTS', { path }));
        return Promise.resolve(put(path, bytes));
      }),
    replace: (path, bytes, revision) =>
      call(`records.replace ${path}`, () => {
        if (records.get(path)?.revision !== revision)
          return Promise.reject(new ServiceError('RECORD_CHANGED', { path }));
        return Promise.resolve(put(path, bytes));
      }),
    // An entry of a journal never changes, so the order of reading does not matter: only its list is worth a decision.
    read: (path) =>
      path.startsWith('journal/')
        ? Promise.resolve(records.get(path) ?? null)
        : call(`records.read ${path}`, () => Promise.resolve(records.get(path) ?? null)),
    async *list(prefix) {
      yield* await call(`records.list ${prefix}`, () =>
        Promise.resolve([...records.keys()].filter((path) => path.startsWith(prefix)).sort()),
      );
    },
  };
}

/** Compared, never read or told: one count for all histories serves. */
let revisions = 0;

/** What the audit would say: the log as far as its rows have arrived. */
function readersOf(world: SimulatedWorld, secret: string, version: string) {
  const watermarkMs = world.nowMs - world.logLagMs;
  const rows = world.jobs.filter(
    (job) => job.secret === secret && job.version === version && job.readAtMs <= watermarkMs,
  );
  return {
    watermark: new Date(watermarkMs),
    gaps: [],
    reads: rows.map(({ readAtMs }) => ({ at: new Date(readAtMs), job: 'team/app 1', identity: null })).reverse(),
    running: rows.filter(({ endsAtMs }) => endsAtMs > world.nowMs).map(() => 'team/app 1'),
  };
}
