import { approveRotation } from '../../src/rotation/approve-rotation.ts';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import type { JournalEntry } from '../../src/rotation/journal-entry.ts';
import { parseJournalEntry } from '../../src/rotation/parse-journal-entry.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import type { SecretBinding } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { nearExpiry } from '../rotation/world/near-expiry.ts';
import { type Dice, createDice } from './dice.ts';
import { type Allowances, brokenEnd, brokenInvariant, wrongRevocation } from './invariants.ts';
import { type SinglePasswordWindow, measureWindow } from './single-password-window.ts';
import { type Fate, type Scheduler, createScheduler } from './scheduler.ts';
import { type SimulatedWorld, dayMs, hourMs, plantedMark, simulatedWorld, valueMark } from './simulated-world.ts';

/** Everything that can go wrong between steps; each can be switched off to find the shortest failing history. */
export const troubles = [
  'answer-lost',
  'unreachable',
  'throttled',
  'late',
  'dies-before',
  'dies-behind',
  'stalls',
  'terraform',
  'clock-jump',
  'journal-set-back',
  'planted',
  'slow-provider',
  'policy-refusal',
  'wrong-credential',
] as const;
export type Trouble = (typeof troubles)[number];

export interface HistoryOptions {
  /** Steps of trouble before the world becomes fair. */
  readonly steps: number;
  readonly without: ReadonlySet<Trouble>;
}

export interface HistoryResult {
  /** What is broken, or `null`. */
  readonly broken: string | null;
  /** What happened, one line a step. */
  trace(): readonly string[];
  readonly calls: number;
  /** Longest time for which readers of a single password held a dead one. */
  readonly windowMs: number;
  /** How often somebody else published at the very moment of a revocation. */
  readonly races: number;
}

/** Written as a line only when somebody asks: most histories are never read. */
interface Happening {
  readonly atMs: number;
  readonly says: string;
  readonly fate: Fate;
}

interface History {
  readonly dice: Dice;
  readonly world: SimulatedWorld;
  readonly scheduler: Scheduler;
  readonly trace: Happening[];
  readonly allowances: Allowances;
  readonly rates: ReadonlyMap<Trouble, number>;
  readonly window: SinglePasswordWindow;
  calls: number;
  lastServed: string;
  broken: string | null;
  snapshot: Map<string, { bytes: Uint8Array; revision: string }> | null;
}

/** Plays one history: troubled steps in seeded order, then a fair world in which everything must come to its end. */
export async function runHistory(seed: number, { steps, without }: HistoryOptions): Promise<HistoryResult> {
  const dice = createDice(seed);
  const world = simulatedWorld(dice);
  const rates = new Map(troubles.map((trouble) => [trouble, dice.hits(0.4) ? 0.02 + dice.next() * 0.12 : 0]));
  for (const trouble of without) rates.set(trouble, 0);
  const history: History = {
    dice,
    world,
    scheduler: createScheduler(),
    trace: [],
    allowances: { lateIssues: 0, setBacks: 0 },
    rates,
    window: { longestMs: 0, openSince: new Map() },
    calls: 0,
    lastServed: '',
    broken: null,
    snapshot: null,
  };
  world.beforeRevocation = (binding, id, looks) => {
    history.broken ??= wrongRevocation(world, binding, id, looks);
  };
  for (let step = 0; step < steps && history.broken === null; step += 1) await troubledStep(history);
  if (history.broken === null) await fairEnd(history);
  return {
    broken: history.broken,
    trace: () => history.trace.map(lineOf),
    calls: history.calls,
    windowMs: history.window.longestMs,
    races: world.raced.size,
  };
}

async function troubledStep(history: History): Promise<void> {
  const { dice, world, scheduler } = history;
  await scheduler.settle();
  // Between any two calls, and most of all behind those that gather the evidence for a revocation.
  const weight = /^(?:readers|provider\.lastUsed)/.test(history.lastServed) ? 4 : 0.15;
  history.lastServed = '';
  if (dice.hits((history.rates.get('terraform') ?? 0) * weight)) setByTerraform(history);
  const ready = scheduler.ready(world.nowMs);
  if (ready.length > 0 && dice.hits(0.93)) {
    const call = dice.pick(ready);
    const fate = fateOf(history, call.what, call.isWrite);
    await serve(history, call, fate);
    world.nowMs += dice.hits(0.02) ? dice.between(1, 150) * 1_000 : dice.between(5, 400);
  } else {
    await happen(history);
    await scheduler.settle();
    check(history);
  }
}

async function serve(history: History, call: ReturnType<Scheduler['ready']>[number], fate: Fate): Promise<void> {
  const { world, scheduler, trace } = history;
  history.calls += 1;
  history.lastServed = call.what;
  if ((fate === 'late' || fate === 'stalls') && call.what.startsWith('provider.issue'))
    history.allowances.lateIssues += 1;
  // Reads that are simply answered would hide the rest.
  if (fate !== 'served' || call.isWrite || !call.isRecord) {
    trace.push({ atMs: world.nowMs, says: `${call.process.name}: ${call.what}`, fate });
  }
  await scheduler.serve(call, fate, world.nowMs);
  // What only looks changes nothing that could be broken.
  if (call.isWrite || fate !== 'served') check(history);
}

function fateOf({ dice, rates, world }: History, what: string, isWrite: boolean): Fate {
  const fates = ['answer-lost', 'unreachable', 'throttled', 'late', 'dies-before', 'dies-behind', 'stalls'] as const;
  for (const fate of fates) {
    if (!dice.hits(rates.get(fate) ?? 0)) continue;
    if ((fate === 'answer-lost' || fate === 'late') && !isWrite) continue;
    if (fate === 'late' && what.startsWith('records')) continue;
    if (fate === 'throttled' && !/^(?:vault|provider)/.test(what)) continue;
    if ((fate === 'late' || (fate === 'stalls' && isWrite)) && !mayBeLate(world, what)) continue;
    return fate;
  }
  return 'served';
}

/**
 * A request may arrive late where a provider can bear it at all: adding a version, minting, disabling, revoking by id.
 * A password or key that is set by a forgotten request hours later is beyond any client.
 */
function mayBeLate({ bindings }: SimulatedWorld, what: string): boolean {
  if (/^(?:vault|records)/.test(what)) return true;
  const name = /^provider\.(?:issue|revoke) (\S+)/.exec(what)?.[1];
  return bindings.some((one) => one.name === name && one.issuer === 'mint');
}

/** Something that is not the next call: time, events, workers, people, and whoever else writes. */
async function happen(history: History): Promise<void> {
  const { dice, world, scheduler, rates } = history;
  const binding = dice.pick(world.bindings);
  const tell = (says: string) => note(history, says);
  const troubled = (trouble: Trouble) => (rates.get(trouble) ?? 0) > 0 && dice.hits(0.3);
  switch (dice.between(0, 12)) {
    case 0:
    case 1: {
      const older = dice.hits(0.2) ? world.vault.held(binding.name)[0]?.version : undefined;
      const event = nearExpiry(world.vault, binding.name, older === undefined ? {} : { version: older });
      tell(`event ${binding.name}`);
      scheduler.spawn(`event${String(history.calls)}`, (process) =>
        handleVaultEvent(world.toolsFor(process, scheduler), event),
      );
      return;
    }
    case 2:
    case 3:
    case 4:
      return startPass(history);
    case 5:
      world.nowMs += dice.pick([10_000, 60_000, 300_000, hourMs]);
      return tell('time passes');
    case 6: {
      if (await scheduler.arrive(world.nowMs)) tell('a late request arrives');
      return;
    }
    case 7:
      if (dice.hits(0.2)) return mintByHand(history);
      return readByJob(history);
    case 8:
      if (!troubled('clock-jump')) return;
      world.skewMs = world.skewMs === 0 ? dice.pick([40 * dayMs, -2 * dayMs, 120_000]) : 0;
      return tell(`our clock is off by ${String(world.skewMs)} ms`);
    case 9:
      if (troubled('journal-set-back')) await setBack(history);
      return;
    case 10:
      if (troubled('planted')) plant(history);
      return;
    case 11: {
      const provider = world.providerOf(binding);
      if (troubled('slow-provider')) provider.notYet = dice.between(1, 4);
      if (troubled('wrong-credential') && binding.issuer !== 'single' && binding.issuer !== 'random')
        provider.wrong = 1;
      if (troubled('policy-refusal') && (binding.issuer === 'single' || binding.issuer === 'two-users'))
        provider.refusesByPolicy = 1;
      return;
    }
    default:
      return startPerson(history);
  }
}

function startPass(history: History): void {
  const { world, scheduler, calls } = history;
  note(history, 'pass');
  scheduler.spawn(`pass${String(calls)}`, (process) => reconcileRotations(world.toolsFor(process, scheduler)));
}

/** People answer what waits for them, and ask again for what needs attention. */
function startPerson({ world, scheduler, dice, calls }: History): void {
  const reason = 'simulated';
  scheduler.spawn(`person${String(calls)}`, async (process) => {
    const tools = world.toolsFor(process, scheduler);
    for (const { rotationId, awaits, state, vault, secret, failure } of await listRotations(tools)) {
      if (failure === 'GROUP_DISAGREES') setAlike(world);
      if (awaits !== null) await approveRotation(tools, { rotationId, by: 'second', breakGlass: false, reason });
      else if (state === 'needs-attention') {
        const emergency = dice.hits(0.1);
        if (emergency) for (const { name } of unitOf(world, secret)) world.emergencies.set(name, world.nowMs);
        await requestRotation(tools, { secret: `${vault}/${secret}`, reason, by: 'first', emergency });
      }
    }
  });
}

/** The bindings that are rotated as one with a secret. */
function unitOf({ bindings }: SimulatedWorld, secret: string): readonly SecretBinding[] {
  const group = bindings.find(({ name }) => name === secret)?.group ?? null;
  return bindings.filter(({ name, group: its }) => name === secret || (group !== null && its === group));
}

/** Somebody sets the secrets of a group alike, as the failure says. */
function setAlike({ bindings, vault, nowMs, foreign }: SimulatedWorld): void {
  const members = bindings.filter(({ group }) => group !== null);
  const value = vault.held(members[0]?.name ?? '').at(-1)?.value;
  for (const { name } of members) {
    if (value === undefined || vault.held(name).at(-1)?.value.equals(value) === true) continue;
    foreign.add(vault.put({ name, value, expires: new Date(nowMs + 20 * dayMs) }).version);
  }
}

function readByJob({ dice, world }: History): void {
  const { name } = dice.pick(world.bindings);
  const latest = world.vault.held(name).at(-1);
  if (latest === undefined || !latest.enabled) return;
  const endsAtMs = world.nowMs + dice.pick([60_000, hourMs, 8 * hourMs]);
  world.jobs.push({ secret: name, version: latest.version, readAtMs: world.nowMs, endsAtMs });
}

/** Somebody makes a credential of their own at the same account; under a name that is nearly one of ours, too. */
function mintByHand(history: History): void {
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

/** Somebody's own tool sets the value again, the latest or the one before it, and knows nothing of our tags. */
function setByTerraform(history: History): void {
  const { dice, world } = history;
  const binding = dice.pick(world.bindings);
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

/**
 * The records of some time ago come back, as from a backup; the processes that knew better are gone. That takes longer than any
 * request lives: what was under way has arrived by then, or never will.
 */
async function setBack(history: History): Promise<void> {
  const { world, scheduler, dice } = history;
  if (history.snapshot === null || dice.hits(0.5)) {
    history.snapshot = new Map(world.records);
    return;
  }
  for (const process of scheduler.processes) scheduler.kill(process);
  while (await scheduler.arrive(world.nowMs));
  history.allowances.setBacks += 1;
  world.records.clear();
  for (const [path, record] of history.snapshot) world.records.set(path, record);
  note(history, 'the records are set back');
}

function plant(history: History): void {
  const { world, dice } = history;
  const { name } = dice.pick(world.bindings);
  const staging = `rot-pending--${name}`;
  const tags = world.vault.held(staging).at(-1)?.tags;
  if (tags === undefined) return;
  world.vault.put({ name: staging, value: new SecretValue(`a:${valueMark}${plantedMark}`), tags });
  note(history, `somebody plants a value in ${staging}`);
}

/** No more trouble: a pass every ten minutes, then every seven hours, and people who answer, until all has ended and three passes found it so. */
async function fairEnd(history: History): Promise<void> {
  const { world, scheduler } = history;
  world.skewMs = 0;
  for (const provider of Object.values(world.providers))
    Object.assign(provider, { notYet: 0, refusesByPolicy: 0, wrong: 0 });
  note(history, 'the world is fair from here');
  while (await scheduler.arrive(world.nowMs));
  check(history);
  let quiet = 0;
  for (let round = 0; round < 90 && history.broken === null; round += 1) {
    startPass(history);
    await untilIdle(history);
    let open = openStates(history);
    if (open.some((state) => state === 'awaiting-approval' || state === 'needs-attention')) {
      startPerson(history);
      await untilIdle(history);
      open = openStates(history);
    }
    quiet = open.length === 0 ? quiet + 1 : 0;
    // Leftovers are looked for every six hours where nothing is open.
    if (quiet >= 3) break;
    world.nowMs += open.length > 0 && round < 6 ? 600_000 : 7 * hourMs;
  }
  if (history.broken === null) history.broken = brokenEnd(world, openStates(history));
}

async function untilIdle(history: History): Promise<void> {
  const { world, scheduler } = history;
  for (let served = 0; served < 20_000 && history.broken === null; served += 1) {
    await scheduler.settle();
    const [call] = scheduler.ready(world.nowMs);
    if (call === undefined && scheduler.processes.length === 0) return;
    if (call === undefined) world.nowMs += 60_000;
    else {
      await serve(history, call, 'served');
      world.nowMs += 20;
    }
  }
  history.broken ??= 'a process never ends';
}

/** States of all rotations that are not over, as their journals say. What was issued in vain must be withdrawn as well. */
function openStates({ world }: History): readonly string[] {
  const last = new Map<string, string>();
  for (const [path, { bytes }] of world.records) {
    if (!path.startsWith('journal/')) continue;
    const { rotationId, state, facts } = entryOf(bytes, path);
    const withdrawn = facts.withdrawn === true || last.get(rotationId)?.endsWith(', withdrawn') === true;
    last.set(rotationId, withdrawn ? `${state}, withdrawn` : state);
  }
  return [...last.values()].filter((state) => !/^(?:done|.+, withdrawn)$/.test(state));
}

const entries = new WeakMap<Uint8Array, JournalEntry>();

function entryOf(bytes: Uint8Array, path: string): JournalEntry {
  const entry = entries.get(bytes) ?? parseJournalEntry(bytes, path);
  entries.set(bytes, entry);
  return entry;
}

function check(history: History): void {
  const { world, scheduler, allowances } = history;
  history.broken ??= brokenInvariant(world, allowances);
  measureWindow(world, history.window);
  for (const { failure, name } of scheduler.failed.splice(0)) {
    if (!ServiceError.is(failure))
      history.broken ??= `${name} failed with ${failure instanceof Error ? failure.message : 'no error'}`;
  }
}

function note({ trace, world }: History, says: string): void {
  trace.push({ atMs: world.nowMs, says, fate: 'served' });
}

function lineOf({ atMs, says, fate }: Happening): string {
  const stamp = new Date(atMs).toISOString().slice(5, 19);
  return `${stamp} ${says}${fate === 'served' ? '' : ` → ${fate}`}`;
}
