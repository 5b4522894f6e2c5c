import { hash } from 'node:crypto';
import type { Call } from '../../src/rotation/decide/decision.ts';
import type { CredentialIssuer, IssueRequest } from '../../src/rotation/ports/credential-issuer.ts';
import type { PublicationPlace } from '../../src/rotation/ports/publication-place.ts';
import type { CredentialClass } from '../../src/rotation/ports/rotation-steps.ts';
import type { NewSecretVersion, SecretStore, SecretVersion } from '../../src/rotation/ports/secret-store.ts';
import type { TargetJournal } from '../../src/rotation/journal/target-journal.ts';
import { emptyState } from '../../src/rotation/journal/target-state.ts';
import { emptyMemory, type RotationTools } from '../../src/rotation/rotation-tools.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { bindingOf, dayMs, hourMs, policyOf } from '../rotation/world/rotation-world.ts';

/** The five ways in which a credential comes to be; `single` and `two-users` are both of class `chosen`. */
export const searchedClasses = ['single', 'two-users', 'two-keys', 'minted', 'self'] as const;
export type SearchedClass = (typeof searchedClasses)[number];

export interface HeldVersion extends SecretVersion {
  readonly value: string;
}

interface HeldCredential {
  readonly id: string;
  readonly name: string;
  readonly value: string;
}

/** A request that its sender has given up, and that may still arrive. */
type Late = { readonly until: number } & (
  | { readonly to: 'add'; readonly version: NewSecretVersion; readonly value: string }
  | { readonly to: 'update'; readonly name: string; readonly version: string }
  | { readonly to: 'issue'; readonly name: string; readonly proposed: string; readonly slot: string }
  | { readonly to: 'revoke'; readonly id: string }
  | { readonly to: 'place'; readonly value: string }
);

/** What the world is, as values: a copy of them is the same world. */
export interface Truth {
  readonly nowMs: number;
  /** The one journal: its newest entry, and all before it. */
  readonly journal: WrittenEntry | null;
  /** Where it leaves the target. */
  readonly head: TargetJournal;
  readonly vault: readonly HeldVersion[];
  readonly provider: readonly HeldCredential[];
  readonly made: number;
  /** What the further place holds; `null` where there is none. */
  readonly place: string | null;
  readonly late: readonly Late[];
  /** Whether the policy still names the secret. */
  readonly bound: boolean;
  /**
   * Values that another person ended at the provider while they were in force, as long as the newest value does not work, or a
   * request that carries one of them is under way: what was sent before that person came cannot be called back.
   */
  readonly endedByHand: readonly string[];
  /** The version that a person disabled, or an empty text. */
  readonly disabledByPerson: string;
}

interface WrittenEntry {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly before: WrittenEntry | null;
}

/** What becomes of the next request that changes something. */
export type Fate = 'answered' | 'lost before' | 'lost after' | 'late';

/** The world that the machine runs in: `truth` is set before each step, and read after it. */
export interface SmallWorld {
  truth: Truth;
  fate: Fate;
  /** What was asked for in this step, apart from reads and the journal. */
  asked: string | null;
  /** What must not have happened, as soon as it does. */
  broken: string | null;
  /** What a person was called for by the worker that rested last. */
  calls: readonly Call[];
  readonly tools: RotationTools;
  /** A late request arrives. */
  arrive(index: number): void;
}

export const secret = 'app';
const vaultName = 'kv';
const startMs = Date.parse('2026-03-01T00:00:00Z');
/** A request that has not arrived by then never does. */
const arrivalMs = 900_000;
const graceMs = hourMs;

const classOf = {
  single: 'chosen',
  'two-users': 'chosen',
  'two-keys': 'read-back',
  minted: 'minted',
  self: 'self',
} as const satisfies Record<SearchedClass, CredentialClass>;

/** `asks` and `place` as in `Bounds`. */
export function smallWorld(
  kind: SearchedClass,
  { asks = false, place = false }: { readonly asks?: boolean; readonly place?: boolean } = {},
): SmallWorld {
  const binding = bindingOf(secret, kind, {
    target: kind === 'self' ? {} : { account: 'app' },
    rotationsPerDay: 20,
    ...(asks ? { first: 'go', approval: ['publish', 'revoke'] } : {}),
    ...(place ? { alsoPublish: [{ kind: 'shelf', name: 'app' }] } : {}),
  });
  const world: SmallWorld = {
    truth: undefined as unknown as Truth,
    fate: 'answered',
    asked: null,
    broken: null,
    calls: [],
    tools: undefined as unknown as RotationTools,
    arrive,
  };
  const now = () => new Date(world.truth.nowMs);
  const never = new AbortController().signal;
  const change = (part: Partial<Truth>) => void (world.truth = { ...world.truth, ...part });
  const store = vaultOf();
  const issuer = providerOf();
  const tools: RotationTools = {
    records: {
      create: (path, bytes) => {
        // The journal's head, outside of it: no journal is cut here.
        if (numberIn(path) < 0) return Promise.resolve('1');
        const { journal } = world.truth;
        const number = journal?.number ?? 0;
        if (numberIn(path) !== number + 1) return Promise.reject(new ServiceError('RECORD_EXISTS', { path }));
        change({ journal: { number: number + 1, bytes, before: journal } });
        return Promise.resolve('1');
      },
      replace: () => Promise.resolve('1'),
      remove: () => Promise.reject(new Error('A rotation removes nothing.')),
      read: (path) => {
        const wanted = numberIn(path);
        let entry = world.truth.journal;
        while (entry !== null && entry.number > wanted) entry = entry.before;
        return Promise.resolve(entry?.number === wanted ? { bytes: entry.bytes, revision: '1' } : null);
      },
      async *list(prefix) {
        if (!prefix.startsWith('journal/')) return;
        for (let number = 1; number <= (world.truth.journal?.number ?? 0); number += 1)
          yield `${prefix}${String(number).padStart(6, '0')}.json`;
      },
    },
    stores: new Map([[vaultName, store]]),
    vaults: [{ name: vaultName, url: 'https://kv.vault.azure.net', resourceId: '/kv' }],
    policy: policyOf(binding),
    issuers: new Map([[kind, issuer]]),
    places: new Map([['shelf', shelfOf()]]),
    readers: { readersOf: () => Promise.resolve({ watermark: now(), gaps: [], reads: [], running: [] }) },
    staging: { vault: null, key: () => Promise.resolve(new SecretValue('k'.repeat(43))) },
    memory: emptyMemory(),
    accountFor: () => Promise.resolve(),
    killSwitch: () => Promise.resolve(false),
    now,
    monotonicMs: () => world.truth.nowMs,
    random: () => 0.5,
    newId: () => 'x',
    abortAfter: () => never,
  };
  return Object.assign(world, { tools });

  function numberIn(path: string): number {
    return path.startsWith('journal/') ? Number(path.slice(-11, -5)) : -1;
  }

  function vaultOf(): SecretStore {
    const of = (name: string) => world.truth.vault.filter((one) => one.name === name);
    return {
      latest: (name) => Promise.resolve(propertiesOf(of(name).at(-1))),
      versions: (name) =>
        Promise.resolve(
          of(name)
            .toReversed()
            .flatMap((one) => propertiesOf(one) ?? []),
        ),
      async *list() {
        const one = propertiesOf(of(secret).at(-1));
        if (one !== null) yield await Promise.resolve(one);
      },
      value: (name, version) => {
        const found = of(name).find((one) => one.version === version);
        if (found?.enabled === false)
          return Promise.reject(new ServiceError('SECRET_DISABLED', { vault: vaultName, secret: name, version }));
        return Promise.resolve(found === undefined ? null : new SecretValue(found.value));
      },
      add: ({ value, ...version }) =>
        send(
          `add ${version.name}`,
          { to: 'add', version: { value, ...version }, value: value.reveal() },
          () => add(version, value.reveal()),
          new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: vaultName, secret: version.name, status: 500 }),
        ),
      update: (name, version) =>
        send(
          `disable ${name}`,
          { to: 'update', name, version },
          () => disable(name, version),
          new ServiceError('VAULT_UNREACHABLE', { vault: vaultName, reason: 'lost' }),
        ),
      serverTime: now,
    };
  }

  function shelfOf(): PublicationPlace {
    const lost = new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer: 'shelf', provider: 'small', reason: 'lost' });
    return {
      kind: 'shelf',
      check: () => [],
      publish: (_target, value) =>
        send('place', { to: 'place', value: value.reveal() }, () => change({ place: value.reveal() }), lost),
    };
  }

  function providerOf(): CredentialIssuer {
    const credentialClass = classOf[kind];
    const unclear = new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer: kind, provider: 'small', reason: 'lost' });
    const slotFor = ({ current }: IssueRequest) => {
      if (kind === 'single') return 'only';
      if (kind === 'two-users') return current?.reveal().startsWith('a:') === true ? 'b' : 'a';
      if (current === null) return 'key1';
      const slots = world.truth.provider;
      // As Azure's issuer: renewing either key might end one that is in use.
      if (!slots.some(({ value }) => value === current.reveal()))
        throw new ServiceError('PROVIDER_STATE_REFUSED', { issuer: kind, provider: 'small', reason: 'neither key' });
      return slots.find(({ value }) => value !== current.reveal())?.id ?? 'key1';
    };
    // A login names its own user: a repair sets the one in force.
    const slotOf = (request: IssueRequest, value: string) =>
      kind === 'two-users' ? value.slice(0, 1) : slotFor(request);
    return {
      name: kind,
      credentialClass,
      check: () => [],
      propose: (request) => {
        if (credentialClass !== 'chosen' && credentialClass !== 'self') return null;
        const made = world.truth.made + 1;
        change({ made });
        return new SecretValue(`${credentialClass === 'self' ? 'self' : slotFor(request)}:${String(made)}`);
      },
      issue: async (request, proposed) => {
        const value = proposed?.reveal() ?? '';
        if (credentialClass === 'self') return { credentialId: 'self', value: new SecretValue(value) };
        const late = { to: 'issue', name: request.rotationId, proposed: value, slot: slotOf(request, value) } as const;
        const made = await send(`issue ${request.rotationId}`, late, () => make(late), unclear);
        if (made === null) throw unclear;
        return { credentialId: made.id, value: new SecretValue(made.value) };
      },
      verify: (_request, { value }) =>
        Promise.resolve(
          opens(value.reveal())
            ? { outcome: 'works', principal: kind, notes: [] }
            : { outcome: 'refused', authenticated: false, reason: 'unknown' },
        ),
      describe: async (request) => {
        await Promise.resolve();
        const wanted = kind === 'two-keys' ? slotFor(request) : null;
        const found = world.truth.provider.find(({ id, name }) =>
          wanted === null ? name === request.rotationId : id === wanted,
        );
        if (found === undefined) return { outcome: 'absent' };
        const value = kind === 'two-keys' ? new SecretValue(found.value) : null;
        return { outcome: 'present', credentialId: found.id, value };
      },
      list: () => Promise.resolve(world.truth.provider.map(({ id, name }) => ({ credentialId: id, rotationId: name }))),
      revoke: async ({ current }, id) => {
        const used = world.truth.provider.find(({ value }) => value === current?.reveal());
        if (kind === 'two-keys' && (used === undefined || used.id === id))
          throw new ServiceError('PROVIDER_STATE_REFUSED', { issuer: kind, provider: 'small', reason: 'in force' });
        await send(`revoke ${id}`, { to: 'revoke', id }, () => revoke(id), unclear);
        return { outcome: 'revoked' };
      },
      lastUsed: () => Promise.resolve(null),
    };
  }

  function opens(value: string): boolean {
    return kind === 'self' || world.truth.provider.some((one) => one.value === value);
  }

  /** One request that changes something, with what becomes of it. */
  function send<Value>(what: string, late: DistributiveOmit<Late, 'until'>, effect: () => Value, lost: ServiceError) {
    world.asked = what;
    if (world.fate === 'late') {
      const waiting = { ...late, until: world.truth.nowMs + arrivalMs } as Late;
      change({ late: [...world.truth.late, waiting] });
    }
    if (world.fate === 'lost before' || world.fate === 'late') return Promise.reject(lost);
    const value = effect();
    return world.fate === 'lost after' ? Promise.reject(lost) : Promise.resolve(value);
  }

  function arrive(index: number): void {
    const request = world.truth.late[index];
    change({ late: world.truth.late.filter((one) => one !== request) });
    if (request?.to === 'add') add(request.version, request.value);
    if (request?.to === 'update') disable(request.name, request.version);
    if (request?.to === 'issue') make(request);
    if (request?.to === 'revoke') revoke(request.id);
    if (request?.to === 'place') change({ place: request.value });
  }

  function add({ name, expires, contentType, tags }: Omit<NewSecretVersion, 'value'>, value: string): SecretVersion {
    const of = world.truth.vault.filter((one) => one.name === name);
    const version = versionId(name, of.length);
    const created = new Date(Math.floor(world.truth.nowMs / 1000) * 1000);
    const held = { name, version, enabled: true, notBefore: null, expires, created, contentType, tags, value };
    const id = tags['rotation-id'];
    const twin = of.find((one) => id !== undefined && one.tags['rotation-id'] === id && one.value !== value);
    if (twin !== undefined && name === secret) world.broken ??= `two values carry the id ${String(id)}`;
    change({ vault: [...world.truth.vault, held] });
    const { value: _value, ...rest } = held;
    return rest;
  }

  function disable(name: string, version: string): SecretVersion {
    const of = world.truth.vault.filter((one) => one.name === name);
    if (name === secret && of.at(-1)?.version === version) world.broken ??= 'the newest version is disabled';
    const vault = world.truth.vault.map((one) =>
      one.name === name && one.version === version ? { ...one, enabled: false } : one,
    );
    change({ vault });
    const found = propertiesOf(vault.find((one) => one.name === name && one.version === version));
    if (found === null) throw new Error(version);
    return found;
  }

  function make({
    name,
    proposed,
    slot,
  }: Pick<Late & { to: 'issue' }, 'name' | 'proposed' | 'slot'>): HeldCredential | null {
    const { provider, made } = world.truth;
    if (kind === 'minted' && provider.some((one) => one.name === name)) return null;
    const isOurs = kind === 'single' || kind === 'two-users';
    const next = isOurs ? made : made + 1;
    const id = kind === 'minted' ? `t${String(next)}` : slot;
    const credential = { id, name: kind === 'two-keys' ? id : name, value: isOurs ? proposed : `v${String(next)}` };
    if (kind !== 'single' && provider.find((one) => one.id === id)?.value !== credential.value) mustNotEnd(id);
    change({ made: next, provider: replaced(provider, credential) });
    return credential;
  }

  function revoke(id: string): void {
    const found = world.truth.provider.find((one) => one.id === id);
    if (found === undefined || kind === 'single') return;
    if (id === 'foreign') world.broken ??= "somebody else's credential is ended";
    mustNotEnd(id);
    const rest = world.truth.provider.filter((one) => one !== found);
    const made = world.truth.made + 1;
    // Of two keys the slot stays, with a value that nobody knows.
    const renewed = { ...found, value: `v${String(made)}` };
    change(kind === 'two-keys' ? { made, provider: replaced(world.truth.provider, renewed) } : { provider: rest });
  }

  /** What is served, or was within the grace, must not end. */
  function mustNotEnd(id: string): void {
    const value = world.truth.provider.find((one) => one.id === id)?.value;
    const versions = world.truth.vault.filter(({ name }) => name === secret);
    const last = versions.findLastIndex((one) => one.value === value);
    if (value === undefined || last < 0) return;
    const next = versions[last + 1];
    if (next === undefined) world.broken ??= `${id} is ended while it is served`;
    else if (world.truth.nowMs < next.created.getTime() + graceMs) world.broken ??= `${id} is ended within its grace`;
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function propertiesOf(held: HeldVersion | undefined): SecretVersion | null {
  if (held === undefined) return null;
  const { value: _value, ...rest } = held;
  return rest;
}

/** One secret, due, with a credential that works. */
export function begin(kind: SearchedClass, target: string, hasPlace = false): Truth {
  const value = { single: 'only:old', 'two-users': 'a:old', 'two-keys': 'old', minted: 'old', self: 'self:old' }[kind];
  const id = { single: 'only', 'two-users': 'a', 'two-keys': 'key1', minted: 'old', self: null }[kind];
  const provider: HeldCredential[] = id === null ? [] : [{ id, name: 'aaaaaaaaaaaaaaaa.1', value }];
  if (kind === 'two-keys') provider.push({ id: 'key2', name: 'key2', value: 'spare' });
  if (kind === 'minted') provider.push({ id: 'foreign', name: 'made by hand', value: 'foreign' });
  const version: HeldVersion = {
    name: secret,
    version: '0'.repeat(32),
    enabled: true,
    notBefore: null,
    created: new Date(startMs - 80 * dayMs),
    expires: new Date(startMs + 10 * dayMs),
    contentType: null,
    tags: id === null ? {} : { CredentialId: id, 'rotation-id': 'aaaaaaaaaaaaaaaa.1' },
    value,
  };
  return {
    nowMs: startMs,
    journal: null,
    head: { state: emptyState(target), entries: [] },
    vault: [version],
    provider,
    made: 0,
    place: hasPlace ? value : null,
    late: [],
    bound: true,
    endedByHand: [],
    disabledByPerson: '',
  };
}

/** With one credential in the place of the one of its id, or at the end. */
export function replaced(provider: readonly HeldCredential[], credential: HeldCredential): readonly HeldCredential[] {
  const at = provider.findIndex(({ id }) => id === credential.id);
  return at === -1 ? [...provider, credential] : provider.with(at, credential);
}

/** The vault's name for the version after so many others. */
export function versionId(name: string, after: number): string {
  const text = `${name} ${String(after)}`;
  let id = versionIds.get(text);
  if (id === undefined) versionIds.set(text, (id = hash('sha256', text).slice(0, 32)));
  return id;
}
const versionIds = new Map<string, string>();

/** The newest version of the secret, with its value. */
export function latestOf({ vault }: Pick<Truth, 'vault'>): HeldVersion | undefined {
  return vault.findLast(({ name }) => name === secret);
}

/** Whether the provider takes the newest value. */
export function latestWorks(kind: SearchedClass, truth: Truth): boolean {
  const value = latestOf(truth)?.value;
  return kind === 'self' || truth.provider.some((one) => one.value === value);
}

/** What must hold in every state. */
export function brokenState(kind: SearchedClass, truth: Truth): string | null {
  const { vault, provider, late, endedByHand, disabledByPerson } = truth;
  const versions = vault.filter(({ name }) => name === secret);
  const latest = versions.at(-1);
  if (latest === undefined || (!latest.enabled && latest.version !== disabledByPerson))
    return 'readers of the latest version are refused';
  const isUnavoidable = kind === 'single' || endedByHand.includes(latest.value);
  if (!isUnavoidable && !latestWorks(kind, truth)) return 'the latest value does not work';
  if (kind !== 'minted') return null;
  const held = new Set(versions.filter(({ enabled }) => enabled).map(({ value }) => value));
  const unheld = provider.filter(({ id, value }) => id !== 'foreign' && !held.has(value));
  return unheld.length > 3 + late.length ? `${String(unheld.length)} tokens are in no version` : null;
}

/** What must hold once everything had time to come to its end, without further trouble, or a person was called. */
export function brokenEnd(kind: SearchedClass, truth: Truth, called: boolean): string | null {
  const { vault, provider, endedByHand } = truth;
  const latest = latestOf(truth);
  // What left the policy before anything was begun is nothing of Keyturn's.
  if (!truth.bound && truth.head.state.rotations.length === 0) return null;
  if (!latestWorks(kind, truth) && !(endedByHand.includes(latest?.value ?? '') && called))
    return 'the latest value is dead at the end';
  if (vault.some(({ name, enabled }) => name !== secret && enabled)) return 'a staged value is left';
  if (isPlaceLeft(truth, latest?.value) && !called) return 'the further place holds another value';
  if (kind !== 'minted') return null;
  const left = provider.filter(({ id, value }) => id !== 'foreign' && value !== latest?.value);
  return left.length === 0 || called ? null : `token ${left[0]?.id ?? ''} is left`;
}

/** Whether Keyturn has published once, still may, and has left something else in the further place. */
function isPlaceLeft({ place, bound, head }: Truth, latest: string | undefined): boolean {
  const hasPublished = head.state.rotations.some(({ published }) => published.size > 0);
  return place !== null && place !== latest && bound && hasPublished;
}
