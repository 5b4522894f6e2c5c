import type { SecretBinding } from '../../src/secrets/policy.ts';
import { type Looks, type SimulatedWorld, dayMs, plantedMark, valueMark } from './simulated-world.ts';

/** Allowed for what nobody could have prevented: a request that arrived after its sender had given it up. */
export interface Allowances {
  lateIssues: number;
  /** The journal came back without its end: what that speaks of is found by the reconciler, and one more may be under way. */
  setBacks: number;
}

/** What must hold after every single step. Gives a sentence for the first thing that does not. */
export function brokenInvariant(world: SimulatedWorld, allowances: Allowances): string | null {
  for (const binding of world.bindings) {
    const broken =
      latestWorks(world, binding) ??
      oneValueARotation(world, binding) ??
      fewExtras(world, binding, allowances) ??
      nobodyElseTouched(world, binding);
    if (broken !== null) return `${binding.name} (${binding.issuer}): ${broken}`;
  }
  return null;
}

/** What must hold in the end, in a world that had become fair. */
export function brokenEnd(world: SimulatedWorld, [unended]: readonly string[]): string | null {
  if (unended !== undefined) return `a rotation ends in ${unended}`;
  for (const { bytes } of world.records.values()) {
    if (Buffer.from(bytes).includes(valueMark)) return 'a record holds secret material';
  }
  if (world.said.some((line) => line.includes(valueMark))) return 'a log line holds secret material';
  for (const binding of world.bindings) {
    const broken =
      latestWorks(world, binding, true) ??
      nothingForgotten(world, binding) ??
      nothingStaged(world, binding) ??
      sameElsewhere(world, binding) ??
      sameInGroup(world, binding);
    if (broken !== null) return `${binding.name} (${binding.issuer}): ${broken}`;
  }
  return null;
}

/** Whether what a reader of the latest version gets opens the account. One password has an unavoidable window. */
export function latestWorks(world: SimulatedWorld, binding: SecretBinding, atTheEnd = false): string | null {
  if (binding.issuer === 'single' && !atTheEnd) return null;
  const latest = world.vault.held(binding.name).at(-1);
  if (latest === undefined || !latest.enabled) return 'readers of the latest version are refused';
  if (world.raced.has(latest.version)) return null;
  const value = latest.value.reveal();
  if (value.includes(plantedMark)) return 'a planted value is published';
  return world.providerOf(binding).opens(String(binding.target['account']), value)
    ? null
    : 'the latest value does not work';
}

function oneValueARotation(world: SimulatedWorld, { name }: SecretBinding): string | null {
  const values = new Map<string, string>();
  for (const { tags, value } of world.vault.held(name)) {
    const id = tags['rotation-id'];
    if (id === undefined) continue;
    const known = values.get(id);
    if (known !== undefined && known !== value.reveal()) return `two values carry the id ${id}`;
    values.set(id, value.reveal());
  }
  return null;
}

/** Live credentials of ours that no enabled version holds: one may be under way. */
function fewExtras(world: SimulatedWorld, binding: SecretBinding, { lateIssues, setBacks }: Allowances): string | null {
  const extras = unheld(world, binding);
  return extras.length > 1 + lateIssues + setBacks
    ? `${String(extras.length)} live credentials are in no version`
    : null;
}

function nothingForgotten(world: SimulatedWorld, binding: SecretBinding): string | null {
  const [forgotten] = unheld(world, binding);
  return forgotten === undefined ? null : `credential ${forgotten} is live and in no enabled version`;
}

function unheld(world: SimulatedWorld, binding: SecretBinding): readonly string[] {
  if (binding.issuer !== 'mint') return [];
  const account = String(binding.target['account']);
  const theirs = new Set(world.byHand.map(({ id }) => id));
  const held = new Set(
    world.bindings
      .filter(({ target }) => target['account'] === account)
      .flatMap(({ name }) =>
        world.vault
          .held(name)
          .filter(({ enabled }) => enabled)
          .map(({ value }) => value.reveal()),
      ),
  );
  return world
    .providerOf(binding)
    .live(account)
    .flatMap(({ id, name, value }) => (name.startsWith('keyturn.') && !held.has(value) && !theirs.has(id) ? [id] : []));
}

function nobodyElseTouched(world: SimulatedWorld, binding: SecretBinding): string | null {
  if (binding.issuer !== 'mint') return null;
  const own = String(binding.target['account']);
  const live = world.providerOf(binding).live(own);
  const theirs = world.byHand.flatMap(({ account, id }) => (account === own ? [id] : []));
  return ['foreign', ...theirs].every((wanted) => live.some(({ id }) => id === wanted))
    ? null
    : "somebody else's credential is gone";
}

/** Secrets of a group hold one value, where nobody else has set one. */
function sameInGroup({ bindings, vault, foreign }: SimulatedWorld, { group, name }: SecretBinding): string | null {
  if (group === null || foreign.size > 0) return null;
  const value = vault.held(name).at(-1)?.value.reveal();
  const other = bindings.find((one) => one.group === group && vault.held(one.name).at(-1)?.value.reveal() !== value);
  return other === undefined ? null : `${other.name} of the same group holds another value`;
}

/** A further place holds what the vault serves, where nobody else has set that. */
function sameElsewhere(world: SimulatedWorld, { name }: SecretBinding): string | null {
  const there = world.places.get(name);
  if (there === undefined || world.foreign.size > 0) return null;
  return there === world.vault.held(name).at(-1)?.value.reveal() ? null : 'a further place holds another value';
}

function nothingStaged(world: SimulatedWorld, { name }: SecretBinding): string | null {
  const left = world.vault
    .held(`rot-pending--${name}`)
    .filter(({ enabled, value }) => enabled && !value.reveal().includes(plantedMark));
  return left.length === 0 ? null : `${String(left.length)} staged versions are enabled`;
}

/** What somebody published behind the look before a credential was set, and what that has ended: nobody could have seen it. */
export function noteRaces(world: SimulatedWorld, { issuer, target }: SecretBinding, looks: Looks): void {
  const account = String(target['account']);
  const sharing = world.bindings.filter((one) => one.target['account'] === account && one.issuer === issuer);
  for (const binding of sharing) {
    const all = world.vault.held(binding.name);
    const seen = all.findIndex(({ version }) => version === looks.get(binding.name));
    const unseen = seen < 0 ? [] : all.slice(seen + 1).filter(({ version }) => world.foreign.has(version));
    for (const { version, value } of unseen) {
      if (!world.providerOf(binding).opens(account, value.reveal())) world.raced.add(version);
    }
  }
}

/**
 * Why a credential must not be ended now, by the truth that no process sees; `null` when it may.
 * `looks`: what was seen immediately before the request was sent. What somebody else set behind that nobody could have seen.
 */
export function wrongRevocation(
  world: SimulatedWorld,
  binding: SecretBinding,
  credentialId: string,
  looks: Looks,
): string | null {
  const account = String(binding.target['account']);
  const credential = world
    .providerOf(binding)
    .live(account)
    .find(({ id }) => id === credentialId);
  if (credential === undefined || binding.issuer === 'single') return null;
  for (const { name, graceMs } of world.bindings.filter(
    ({ target, issuer }) => target['account'] === account && issuer === binding.issuer,
  )) {
    const all = world.vault.held(name);
    const seen = all.findIndex(({ version }) => version === looks.get(name));
    const unseen = all.filter(
      ({ version, value }, index) =>
        seen >= 0 && index > seen && world.foreign.has(version) && value.reveal() === credential.value,
    );
    for (const { version } of unseen) world.raced.add(version);
    const versions = all.filter((one) => !unseen.includes(one));
    const holding = versions.filter(({ value }) => value.reveal() === credential.value);
    const last = holding.at(-1);
    if (last === undefined) continue;
    const next = versions[versions.indexOf(last) + 1];
    if (next === undefined) return `${credentialId} is revoked while ${name} serves it`;
    const sinceMs = next.created.getTime() + 1_000 - (world.emergencies.get(name) ?? Infinity);
    const isEmergency = sinceMs >= 0 && sinceMs < 2 * dayMs;
    // The vault keeps whole seconds.
    if (!isEmergency && world.nowMs < next.created.getTime() + graceMs)
      return `${credentialId} is revoked within its grace`;
    const ids = new Set(holding.map(({ version }) => version));
    const used = world.jobs.find(
      ({ secret, version, endsAtMs }) => secret === name && ids.has(version) && endsAtMs > world.nowMs,
    );
    if (used !== undefined && !(isEmergency && world.agreed.has(name)))
      return `${credentialId} is revoked while a job that read it runs`;
  }
  return null;
}
