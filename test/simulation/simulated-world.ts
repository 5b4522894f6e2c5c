import type { RotationTools } from '../../src/rotation/rotation-tools.ts';
import type { SecretBinding } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { MemoryProvider } from '../rotation/world/memory-provider.ts';
import {
  mintingProvider,
  selfProvider,
  singleProvider,
  twoKeyProvider,
  twoUserProvider,
} from '../rotation/world/memory-providers.ts';
import { type MemoryVault, memoryVault } from '../rotation/world/memory-secret-store.ts';
import type { Dice } from './dice.ts';
import type { Process, Scheduler } from './scheduler.ts';
import { simulatedTools } from './simulated-tools.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** In every value that is ever made, so that one search finds any of them where it must not be. */
export const valueMark = 'zq9';
/** In values that nobody of ours made. */
export const plantedMark = 'planted';

/** A job of a pipeline: read the latest value once, and uses it until it ends. */
interface SimulatedJob {
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
  /** Called behind each setting of a credential: whoever published since the setter's last look may have lost. */
  behindIssue: (binding: SecretBinding, looks: Looks) => void;
  /** Secrets that a person had rotated at once, without a grace, and from when on. */
  readonly emergencies: Map<string, number>;
  /** Of those, the ones whose old value a second person agreed to end though jobs ran with it. */
  readonly agreed: Set<string>;
  /** Versions that somebody else set. */
  readonly foreign: Set<string>;
  /** What further places hold, by the secret's name. */
  readonly places: Map<string, string>;
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
    mint: mintingProvider(text),
    'two-users': twoUserProvider(text),
    single: singleProvider(text),
    'two-keys': twoKeyProvider(text),
    random: selfProvider(text),
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
    agreed: new Set(),
    foreign: new Set(),
    places: new Map(),
    raced: new Set(),
    beforeRevocation: () => undefined,
    behindIssue: () => undefined,
  });
  world.providerOf = ({ issuer }) => {
    const provider = providers[issuer];
    if (provider === undefined) throw new Error(issuer);
    return provider;
  };
  for (const binding of bindings) seedSecret(world, binding, startMs);
  world.toolsFor = (process, scheduler) => simulatedTools(world, process, scheduler, dice);
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
      alsoPublish: dice.hits(0.15) ? [{ kind: 'place', name }] : [],
      mode: 'automatic',
      first: 'automatic',
      windows: [],
      checkMs: 6 * hourMs,
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
