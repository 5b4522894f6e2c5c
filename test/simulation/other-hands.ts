import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { rollBackRotation } from '../../src/rotation/roll-back-rotation.ts';
import type { SecretBinding } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { type History, note } from './history.ts';
import { type SimulatedWorld, dayMs, hourMs, plantedMark, valueMark } from './simulated-world.ts';
import { personCalled } from '../provenance/people.ts';

/** People answer what waits for them, ask again for what needs attention, and may take back what was just published. */
export function startPerson({ world, scheduler, dice, calls }: History, rollsBack: boolean): void {
  const reason = 'simulated';
  scheduler.spawn(`person${String(calls)}`, async (process) => {
    const tools = world.toolsFor(process, scheduler);
    for (const { rotationId, awaits, state, vault, secret, failure } of await listRotations(tools)) {
      if (failure === 'GROUP_DISAGREES') setAlike(world);
      if (failure === 'CREDENTIAL_IN_FORCE_REFUSED') {
        setAsPublished(world, secret);
        publishWhatWorks(world, secret);
      }
      if (awaits === 'revoke') for (const { name } of unitOf(world, secret)) world.agreed.add(name);
      const isLater = /^(?:published|grace|retry-wait|awaiting-approval|needs-attention)$/.test(state);
      if (rollsBack && isLater && dice.hits(0.5))
        await rollBackRotation(tools, { rotationId, by: personCalled('first'), reason });
      else if (awaits !== null && awaits !== 'go')
        await approveRotation(tools, { rotationId, by: personCalled('second'), breakGlass: false, reason });
      else if (state === 'needs-attention') {
        const emergency = dice.hits(0.1);
        if (emergency) for (const { name } of unitOf(world, secret)) world.emergencies.set(name, world.nowMs);
        await requestRotation(tools, { secret: `${vault}/${secret}`, reason, by: personCalled('first'), emergency });
      }
    }
  });
}

/** The bindings that are rotated as one with a secret. */
function unitOf({ bindings }: SimulatedWorld, secret: string): readonly SecretBinding[] {
  const group = bindings.find(({ name }) => name === secret)?.group ?? null;
  return bindings.filter(({ name, group: its }) => name === secret || (group !== null && its === group));
}

/** Somebody sets the secrets of a group alike, as the failure says, with a value that works. */
function setAlike(world: SimulatedWorld): void {
  const { bindings, vault, nowMs, foreign } = world;
  const members = bindings.filter(({ group }) => group !== null);
  const value = members
    .map((member) => ({ member, value: vault.held(member.name).at(-1)?.value }))
    .find(
      (one) =>
        one.value && world.providerOf(one.member).opens(String(one.member.target['account']), one.value.reveal()),
    )?.value;
  for (const { name } of members) {
    if (value === undefined || vault.held(name).at(-1)?.value.equals(value) === true) continue;
    foreign.add(vault.put({ name, value, expires: new Date(nowMs + 20 * dayMs) }).version);
  }
}

export function readByJob({ dice, world }: History): void {
  const { name } = dice.pick(world.bindings);
  const latest = world.vault.held(name).at(-1);
  if (latest === undefined || !latest.enabled) return;
  const endsAtMs = world.nowMs + dice.pick([60_000, hourMs, 8 * hourMs]);
  world.jobs.push({ secret: name, version: latest.version, readAtMs: world.nowMs, endsAtMs });
}

/** Somebody makes a credential of their own at the same account; under a name that is nearly one of ours, too. */
export function mintByHand(history: History): void {
  const { dice, world } = history;
  const { issuer, name, target } = dice.pick(world.bindings);
  if (issuer !== 'mint') return;
  const account = String(target['account']);
  const id = `by-hand-${String(world.byHand.length)}`;
  const called = dice.pick([
    `made by hand ${id}`,
    `keyturn.${name}`,
    `keyturn.${name}.mine.1`,
    `keyturn.other.${name}`,
  ]);
  world.providers['mint']?.put(account, { id, name: called, value: `${valueMark}${id}` });
  world.byHand.push({ account, id });
  note(history, `somebody makes ${called}`);
}

/** Somebody whose own change of a password crossed with ours sets it to what the vault says. */
function setAsPublished({ bindings, vault, providers }: SimulatedWorld, secret: string): void {
  const binding = bindings.find(({ name, issuer }) => name === secret && issuer === 'single');
  const value = vault.held(secret).at(-1)?.value.reveal();
  if (binding === undefined || value === undefined) return;
  providers['single']?.put(String(binding.target['account']), { id: 'only', name: `user ${secret}`, value });
}

/** Somebody who set a key in the very moment in which it ended sets the one that works. */
function publishWhatWorks(world: SimulatedWorld, secret: string): void {
  const { bindings, vault, nowMs, foreign } = world;
  const binding = bindings.find(({ name, issuer }) => name === secret && issuer === 'two-keys');
  if (binding === undefined) return;
  const account = String(binding.target['account']);
  const provider = world.providerOf(binding);
  const latest = vault.held(secret).at(-1)?.value.reveal() ?? '';
  const working = provider.live(account).at(-1)?.value;
  if (provider.opens(account, latest) || working === undefined) return;
  foreign.add(
    vault.put({ name: secret, value: new SecretValue(working), expires: new Date(nowMs + 20 * dayMs) }).version,
  );
}

/** Somebody changes a single password, where it is in force and in the vault. */
function setPassword({ world, dice }: History, { name, target }: SecretBinding): void {
  const value = `only:${valueMark}${Math.floor(dice.next() * 2 ** 40).toString(36)}`;
  world.providers['single']?.put(String(target['account']), { id: 'only', name: `user ${name}`, value });
  const expires = new Date(world.nowMs + 5 * dayMs);
  world.foreign.add(world.vault.put({ name, value: new SecretValue(value), expires }).version);
}

/** Somebody's own tool sets the value again, the latest or the one before it, and knows nothing of our tags. */
export function setByTerraform(history: History): void {
  const { dice, world } = history;
  const binding = dice.pick(world.bindings);
  if (binding.issuer === 'single' && binding.group === null && dice.hits(0.3)) {
    note(history, `somebody sets a password for ${binding.name}`);
    return setPassword(history, binding);
  }
  const versions = world.vault.held(binding.name);
  const value = (dice.hits(0.6) ? versions.at(-1) : versions.at(-2))?.value;
  if (value === undefined) return;
  const works = world.providerOf(binding).opens(String(binding.target['account']), value.reveal());
  // Whoever publishes what does not work has broken it alone.
  if (!works && binding.issuer !== 'single') return;
  if (value.reveal() !== versions.at(-1)?.value.reveal() && binding.issuer === 'single') return;
  const { version } = world.vault.put({
    name: binding.name,
    value,
    expires: new Date(world.nowMs + 5 * dayMs),
  });
  world.foreign.add(version);
  note(history, `terraform sets ${binding.name}`);
}

/** The oldest request that was given up arrives. What a provider does wrong, it does to those who listen to its answer. */
export function letArrive({ world, scheduler }: History): Promise<boolean> {
  for (const provider of Object.values(world.providers)) provider.wrong = 0;
  return scheduler.arrive(world.nowMs);
}

/**
 * The records of some time ago come back, as from a backup; the processes that knew better are gone. That takes longer than any
 * request lives: what was under way has arrived by then, or never will.
 */
export async function setBack(history: History): Promise<void> {
  const { world, scheduler, dice } = history;
  if (history.snapshot === null || dice.hits(0.5)) {
    history.snapshot = new Map(world.records);
    return;
  }
  for (const process of scheduler.processes) scheduler.kill(process);
  while (await letArrive(history));
  history.allowances.setBacks += 1;
  world.records.clear();
  for (const [path, record] of history.snapshot) world.records.set(path, record);
  note(history, 'the records are set back');
}

export function plant(history: History): void {
  const { world, dice } = history;
  const { name } = dice.pick(world.bindings);
  const staging = `rot-pending--${name}`;
  const tags = world.vault.held(staging).at(-1)?.tags;
  if (tags === undefined) return;
  world.vault.put({ name: staging, value: new SecretValue(`a:${valueMark}${plantedMark}`), tags });
  note(history, `somebody plants a value in ${staging}`);
}
