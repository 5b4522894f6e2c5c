import type { CredentialIssuer } from '../../src/rotation/ports/credential-issuer.ts';
import type { PublicationPlace } from '../../src/rotation/ports/publication-place.ts';
import { emptyMemory, type RotationTools } from '../../src/rotation/rotation-tools.ts';
import type { SecretStore, SecretVersion } from '../../src/rotation/ports/secret-store.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import type { MemoryVault } from '../rotation/world/memory-secret-store.ts';
import type { Dice } from './dice.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { Looks, SimulatedWorld } from './simulated-world.ts';
import type { SendDeadline } from '../../src/rotation/ports/send-deadline.ts';

/** The tools of one process of the simulation: each call waits for the scheduler, which may lose, delay or repeat it. */
export function simulatedTools(
  world: SimulatedWorld,
  process: Process,
  scheduler: Scheduler,
  dice: Dice,
): RotationTools {
  const never = new AbortController().signal;
  const looks = new Map<string, { version: string; calls: number }>();
  let calls = 0;
  const now = () => new Date(world.nowMs + world.skewMs);
  const call: Call = (what, effect, deadline) => {
    calls += 1;
    return scheduler.call(process, what, effect, () => deadline?.hasPassed() === true);
  };
  const see = (name: string, version: string) => void looks.set(name, { version, calls });
  // With two units in one pass, their calls alternate.
  const recent = world.bindings.some(({ group }) => group !== null) || world.bindings.length === 1 ? 3 : 12;
  const fresh = (atMost = recent) =>
    new Map([...looks].flatMap(([name, look]) => (calls - look.calls <= atMost ? [[name, look.version]] : [])));
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
    places: new Map([['place', placeFor(world, call)]]),
    readers: {
      readersOf: ({ name, version }) => call('readers', () => Promise.resolve(readersOf(world, name, version))),
    },
    staging: { vault: null, key: () => Promise.resolve(new SecretValue('k'.repeat(43))) },
    memory: emptyMemory(),
    accountFor: () => Promise.resolve(),
    killSwitch: () => Promise.resolve(false),
    now,
    monotonicMs: () => world.nowMs,
    random: () => dice.next(),
    newId: () => String(dice.next()),
    abortAfter: () => never,
    wait: (milliseconds) => scheduler.sleep(process, world.nowMs + milliseconds),
    log: ({ state, step, failure }) => void world.said.push([state, step, failure].join(' ')),
  };
}

type Call = <Value>(what: string, effect: () => Promise<Value>, deadline?: SendDeadline) => Promise<Value>;

function storeFor(
  { vault }: SimulatedWorld,
  call: Call,
  see: (name: string, version: string) => void,
  hear: (said: Date) => void,
  said: () => Date | null,
): SecretStore {
  const ask = <Value>(what: string, effect: () => Promise<Value>, deadline?: SendDeadline) =>
    call(
      `vault.${what}`,
      async () => {
        const value = await effect();
        const at = vault.serverTime();
        if (at !== null) hear(at);
        return value;
      },
      deadline,
    );
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
    value: (name, version, before) => ask(`value ${name}`, async () => await vault.value(name, version, before)),
    add: ({ deadline, ...version }) => ask(`add ${version.name}`, () => vault.add(version), deadline),
    update: (name, version, change) => ask(`update ${name}`, () => vault.update(name, version, change)),
    serverTime: said,
  };
}

async function listed(vault: MemoryVault): Promise<readonly SecretVersion[]> {
  const versions: SecretVersion[] = [];
  for await (const version of vault.list()) versions.push(version);
  return versions;
}

/** However long a worker slept or a network held it: what a provider has not been given in this time, it never is. */
const requestLifeMs = 900_000;

function neverArrived(): ServiceError {
  return new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer: 'simulated', provider: 'simulated', reason: 'aborted' });
}

function placeFor(world: SimulatedWorld, call: Call): PublicationPlace {
  return {
    kind: 'place',
    check: () => [],
    publish: ({ name }, value) => {
      const notAfterMs = world.nowMs + requestLifeMs;
      return call(`place.publish ${String(name)}`, () => {
        if (world.nowMs > notAfterMs) return Promise.reject(neverArrived());
        world.places.set(String(name), value.reveal());
        return Promise.resolve();
      });
    },
  };
}

function issuerFor(
  world: SimulatedWorld,
  issuer: CredentialIssuer,
  call: Call,
  fresh: (atMost?: number) => Looks,
): CredentialIssuer {
  const ask = <Value>(what: string, effect: () => Promise<Value>) => call(`provider.${what}`, effect);
  const set = <Value>(what: string, effect: () => Promise<Value>, deadline?: SendDeadline) =>
    call(`provider.${what}`, effect, deadline);
  return {
    ...issuer,
    issue: ({ deadline, ...request }, proposed) => {
      // The very last call before it is the look.
      const looks = fresh(world.bindings.length === 1 ? 0 : undefined);
      return set(
        `issue ${request.binding.name}`,
        async () => {
          const made = await issuer.issue(request, proposed);
          world.behindIssue(request.binding, looks);
          return made;
        },
        deadline,
      );
    },
    verify: (request, credential) => ask('verify', () => issuer.verify(request, credential)),
    describe: (request) => ask('describe', () => issuer.describe(request)),
    list: (binding, signal) => ask('list', () => issuer.list(binding, signal)),
    revoke: ({ deadline, ...request }, id) => {
      const looks = fresh();
      return set(
        `revoke ${request.binding.name} ${id}`,
        () => {
          world.beforeRevocation(request.binding, id, looks);
          return issuer.revoke(request, id);
        },
        deadline,
      );
    },
    lastUsed: (request, id) => ask('lastUsed', () => issuer.lastUsed(request, id)),
  };
}

/**
 * A machine with a guard taken out is played from a seed at which that is met: its head, which no guard of the list is about, is
 * kept there without a throw of the dice, so that the seeds stay good.
 */
const isHeadCalm = process.env['KEYTURN_MUTANT'] !== undefined;

function recordsFor({ records }: SimulatedWorld, scheduled: Call): RotationTools['records'] {
  const call: Call = (what, effect, deadline) =>
    isHeadCalm && what.includes('rotation/heads/') ? effect() : scheduled(what, effect, deadline);
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
    remove: () => Promise.reject(new Error('A rotation removes nothing.')),
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
