import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { isTargetOpen } from '../../src/rotation/index-of-target.ts';
import { stateOfRotation } from '../../src/rotation/history/rotation-standing.ts';
import { journalTargets, readJournal } from '../../src/rotation/journal/target-journal.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { ServiceError } from '../../src/service-error.ts';
import { nearExpiry } from '../rotation/world/near-expiry.ts';
import { createDice } from './dice.ts';
import {
  type History,
  type HistoryOptions,
  type HistoryResult,
  type Trouble,
  lineOf,
  note,
  troubles,
} from './history.ts';
import { brokenEnd, brokenInvariant, noteRaces, wrongRevocation } from './invariants.ts';
import { letArrive, mintByHand, plant, readByJob, setBack, setByTerraform, startPerson } from './other-hands.ts';
import { type Fate, type Scheduler, asleep, createScheduler } from './scheduler.ts';
import { dayMs, hourMs, type SimulatedWorld, simulatedWorld } from './simulated-world.ts';
import { measureWindow } from './single-password-window.ts';

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
  world.behindIssue = (binding, looks) => noteRaces(world, binding, looks);
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

function fateOf({ dice, rates }: History, what: string, isWrite: boolean): Fate {
  const fates = ['answer-lost', 'unreachable', 'throttled', 'late', 'dies-before', 'dies-behind', 'stalls'] as const;
  for (const fate of fates) {
    if (!dice.hits(rates.get(fate) ?? 0)) continue;
    if ((fate === 'answer-lost' || fate === 'late') && !isWrite) continue;
    if (fate === 'late' && what.startsWith('records')) continue;
    if (what === asleep && !fate.startsWith('dies')) continue;
    if (fate === 'throttled' && !/^(?:vault|provider)/.test(what)) continue;
    return fate;
  }
  return 'served';
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
      if (await letArrive(history)) tell('a late request arrives');
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
      return startPerson(history, troubled('roll-back'));
  }
}

function startPass(history: History): void {
  const { world, scheduler, calls } = history;
  note(history, 'pass');
  scheduler.spawn(`pass${String(calls)}`, (process) => reconcileRotations(world.toolsFor(process, scheduler)));
}

/** The longest of 2,000 right histories makes 12,171 calls; a machine that makes five times as many goes round in a circle. */
const mostCalls = 60_000;

/** No more trouble: a pass every ten minutes, then every seven hours, and people who answer, until all has ended and three passes found it so. */
async function fairEnd(history: History): Promise<void> {
  const { world } = history;
  world.skewMs = 0;
  note(history, 'the world is fair from here');
  while (await letArrive(history));
  for (const provider of Object.values(world.providers)) provider.makeFair();
  check(history);
  let quiet = 0;
  for (let round = 0; round < 90 && history.broken === null; round += 1) {
    startPass(history);
    await untilIdle(history);
    let open = await openStates(history);
    if (
      open.some((state) => /^(?:awaiting-approval|needs-attention|rolled-back|superseded|a credential)/.test(state))
    ) {
      startPerson(history, false);
      await untilIdle(history);
      open = await openStates(history);
    }
    quiet = open.length === 0 ? quiet + 1 : 0;
    // Leftovers are looked for every six hours where nothing is open.
    if (quiet >= 3) break;
    if (history.calls > mostCalls) history.broken ??= 'the passes make calls without end';
    world.nowMs += open.length > 0 && round < 6 ? 600_000 : 7 * hourMs;
  }
  if (history.broken === null)
    history.broken = brokenEnd(
      world,
      (await openStates(history)).filter((state) => state !== 'needs-attention'),
    );
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

/** What is open: rotations that are not over, and credentials that are to end, as the journals say. */
async function openStates({ world }: History): Promise<readonly string[]> {
  const open: string[] = [];
  const records = recordsIn(world);
  for await (const target of journalTargets(records)) {
    const { state } = await readJournal(records, target);
    for (const rotation of state.rotations)
      if (rotation.result === null || rotation.result === 'failed') open.push(stateOfRotation(state, rotation));
    if (isTargetOpen(state, new Date(world.nowMs)) && open.length === 0) open.push('a credential to end');
  }
  return open;
}

/** The records as they lie there, past the scheduler. */
function recordsIn({ records }: SimulatedWorld): RecordStore {
  const refuse = () => Promise.reject(new Error('This only reads.'));
  return {
    create: refuse,
    replace: refuse,
    remove: refuse,
    read: (path) => Promise.resolve(records.get(path) ?? null),
    async *list(prefix) {
      yield* await Promise.resolve([...records.keys()].filter((path) => path.startsWith(prefix)).sort());
    },
  };
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
