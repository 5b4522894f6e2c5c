import { createHash } from 'node:crypto';
import { loseRefused } from '../../src/rotation/act/issue.ts';
import { stepsOfAct } from '../../src/rotation/act/programs.ts';
import { fail, type Run } from '../../src/rotation/act/run.ts';
import { bindTarget } from '../../src/rotation/bind-target.ts';
import { decide } from '../../src/rotation/decide/decide.ts';
import type { Act } from '../../src/rotation/decide/decision.ts';
import type { TargetJournal } from '../../src/rotation/journal/target-journal.ts';
import { emptyState } from '../../src/rotation/journal/target-state.ts';
import { look } from '../../src/rotation/observe/look.ts';
import { observe, type Sight } from '../../src/rotation/observe/observe.ts';
import { forgetAttempt, newWorker, type Target, type Worker } from '../../src/rotation/observe/target.ts';
import type { IssuedCredential } from '../../src/rotation/ports/credential-issuer.ts';
import { unitOf } from '../../src/rotation/rotation-unit.ts';
import { ServiceError } from '../../src/service-error.ts';
import { Fingerprints } from './fingerprints.ts';
import {
  brokenEnd,
  brokenState,
  type Fate,
  type SearchedClass,
  setByAnother,
  smallWorld,
  type SmallWorld,
  type Truth,
} from './small-world.ts';

/** How much trouble a world may have. */
export interface Bounds {
  readonly workers: number;
  /** Requests that are lost before or behind their effect, or come late. */
  readonly losses: number;
  readonly crashes: number;
  /** Versions that somebody else sets. */
  readonly foreign: number;
  readonly jumps: number;
  /** Somebody else may set the secret between the last look and the request, too: no machine can win that. */
  readonly races?: boolean;
}

export const smallBounds: Bounds = { workers: 2, losses: 1, crashes: 1, foreign: 1, jumps: 4 };

/** A worker between two steps, as values. */
interface WorkerAt {
  readonly name: string;
  readonly journal: TargetJournal | null;
  readonly remembered: ReadonlyMap<string, IssuedCredential>;
  readonly checkedAt: Date | null;
  readonly under: UnderWay | null;
}

interface UnderWay {
  readonly act: Act;
  readonly sight: Sight;
  readonly found: Run['found'];
  /** The next step. */
  readonly step: number;
  readonly operations: Worker['operations'];
}

interface Node {
  readonly truth: Truth;
  readonly workers: readonly WorkerAt[];
  readonly left: Bounds;
  readonly parent: Node | null;
  readonly says: string;
  readonly depth: number;
}

export interface Searched {
  readonly states: number;
  readonly depth: number;
  /** Whether every state within the bounds was seen. */
  readonly whole: boolean;
  readonly ends: number;
  readonly broken: { readonly says: string; readonly trace: readonly string[] } | null;
}

const minuteMs = 60_000;
/** Past the last moment to send, past the last moment to arrive, past a grace. */
const jumpsMs = [3 * minuteMs, 16 * minuteMs, 120 * minuteMs];
/** One state in so many is led to its end in a fair world. */
const everyEnd = 50;

/**
 * Breadth first through every interleaving of a small world: the real journal, decision and acts, workers that stop between any
 * two steps, requests that are answered, lost or late, a crash, somebody else's version, and time that jumps.
 */
export async function search(kind: SearchedClass, bounds: Bounds, mostStates: number): Promise<Searched> {
  const world = smallWorld(kind);
  const unit = unitOf(world.tools.policy, { vault: 'kv', name: 'app' });
  if (unit === null) throw new Error('The secret is not bound.');
  const target = bindTarget(world.tools, unit);
  const names = ['A', 'B', 'C'].slice(0, bounds.workers);
  const workers = names.map((name) => idle(name));
  const seen = new Fingerprints(mostStates);
  const first: Node = { truth: world.truth, workers, left: bounds, parent: null, says: '', depth: 0 };
  let level = await undisturbed(first, world, target);
  let depth = 0;
  let ends = 0;
  for (const node of level) seen.add(fingerprint(node));
  while (level.length > 0) {
    const next: Node[] = [];
    for (const node of level) {
      for (const child of await childrenOf(node, world, target)) {
        const says = child.broken ?? brokenState(kind, child.node.truth);
        if (says !== null)
          return { states: seen.size, depth, whole: false, ends, broken: { says, trace: traceOf(child.node) } };
        if (!seen.add(fingerprint(child.node))) continue;
        depth = child.node.depth;
        next.push(child.node);
        if (seen.size % everyEnd === 0) {
          ends += 1;
          const end = await fairEnd(child.node, world, target, kind);
          if (end !== null)
            return { states: seen.size, depth, whole: false, ends, broken: { says: end.says, trace: end.trace } };
        }
        if (seen.size >= mostStates) return { states: seen.size, depth, whole: false, ends, broken: null };
      }
    }
    level = next;
  }
  return { states: seen.size, depth, whole: true, ends, broken: null };
}

/** The states of a rotation that nothing disturbs, from its beginning to its end: trouble is searched for around each of them. */
async function undisturbed(first: Node, world: SmallWorld, target: Target): Promise<Node[]> {
  const path = [first];
  let at = first;
  for (let rests = 0; rests < 3; ) {
    const next = await moved(at, world, target, 0, 'answered');
    const nowMs = at.truth.nowMs + Math.max(...jumpsMs);
    at = (next?.child ?? of(at, 'time passes', { truth: { ...at.truth, nowMs } })).node;
    if (next === null) rests += 1;
    at = { ...at, depth: 0 };
    path.push(at);
  }
  return path;
}

function idle(name: string): WorkerAt {
  return { name, journal: null, remembered: new Map(), checkedAt: null, under: null };
}

interface Child {
  readonly node: Node;
  readonly broken: string | null;
}

async function childrenOf(node: Node, world: SmallWorld, target: Target): Promise<readonly Child[]> {
  const children: Child[] = [];
  let rests = false;
  for (const [index, worker] of node.workers.entries()) {
    const answered = await moved(node, world, target, index, 'answered');
    rests ||= answered === null;
    if (answered !== null) children.push(answered.child);
    if (answered?.asked !== null && answered !== null && node.left.losses > 0) {
      for (const fate of ['lost before', 'lost after', 'late'] as const) {
        const other = await moved(node, world, target, index, fate);
        if (other !== null) children.push(other.child);
      }
    }
    if (worker.under !== null && node.left.crashes > 0) {
      const crashes = node.left.crashes - 1;
      // Another name: to the journal a worker that starts again is another worker.
      const died = idle(`${worker.name}'`);
      children.push(
        of(node, `${worker.name} dies`, { workers: node.workers.with(index, died), left: { ...node.left, crashes } }),
      );
    }
  }
  for (const [index, request] of node.truth.late.entries()) {
    world.truth = node.truth;
    world.broken = null;
    world.arrive(index);
    children.push({ ...of(node, `late: ${request.to}`, { truth: world.truth }), broken: world.broken });
  }
  return [...children, ...ofTheWorld(node, target, rests)];
}

/** What happens without a worker: time jumps, and somebody else sets the secret. */
function ofTheWorld(node: Node, target: Target, rests: boolean): readonly Child[] {
  const children: Child[] = [];
  const { truth, left, workers } = node;
  // Where everybody can go on at once, time that passes first is time that passes later.
  const matters = rests || truth.late.length > 0 || workers.some(({ under }) => under !== null);
  if (left.jumps > 0 && matters) {
    for (const jump of jumpsMs) {
      const nowMs = truth.nowMs + jump;
      const late = truth.late.filter(({ until }) => until >= nowMs);
      children.push(
        of(node, `${String(jump / minuteMs)} minutes pass`, {
          truth: { ...truth, nowMs, late },
          left: { ...left, jumps: left.jumps - 1 },
        }),
      );
    }
  }
  if (left.foreign > 0 && (left.races === true || !isRace(node))) {
    for (const which of ['oldest', 'newest'] as const) {
      const after = setByAnother(truth, target.issuer.name as SearchedClass, which);
      if (after === null) continue;
      children.push(
        of(node, `somebody sets the ${which} value`, { truth: after, left: { ...left, foreign: left.foreign - 1 } }),
      );
    }
  }
  return children;
}

/** Nobody can see what is set between the last look and a request that ends or sets a credential, or while one is late. */
function isRace({ workers, truth }: Node): boolean {
  const ending = (act: string | undefined) => act === 'end' || act === 'issue' || act === 'repair';
  return (
    truth.late.some(({ to }) => to === 'issue' || to === 'revoke') ||
    workers.some(({ under }) => under !== null && ending(under.act.act))
  );
}

function of(node: Node, says: string, change: Partial<Node>): Child {
  return { node: { ...node, ...change, parent: node, says, depth: node.depth + 1 }, broken: null };
}

/** One worker goes on: decides and takes its act's steps up to the first that writes, or takes the next step. */
async function moved(
  node: Node,
  world: SmallWorld,
  target: Target,
  index: number,
  fate: Fate,
): Promise<{ readonly child: Child; readonly asked: string | null } | null> {
  const at = node.workers[index];
  if (at === undefined) return null;
  Object.assign(world, { truth: node.truth, fate, asked: null, broken: null });
  const worker = newWorker(at.name, at.journal, at.checkedAt);
  worker.remembered = new Map(at.remembered);
  worker.operations = [...(at.under?.operations ?? [])];
  let under: UnderWay | null = null;
  let says: string;
  try {
    const run = at.under === null ? await decided(target, worker) : resumed(target, worker, at.under);
    if (run === null) return null;
    says = nameOf(run.act);
    const from = at.under?.step ?? 0;
    const step = await steps(run, from, world);
    says += ` ${String(step)}`;
    if (step < stepsOfAct(run.act).length && !run.over)
      under = { act: run.act, sight: run.sight, found: run.found, step, operations: worker.operations };
  } catch (error) {
    if (!ServiceError.is(error, 'JOURNAL_CONFLICT')) throw error;
    says = 'was too late';
    forgetAttempt(worker);
  }
  // What a conflict made useless is read again; whoever starts over is another writer to the journal.
  const { journal, checkedAt, remembered } = worker;
  const after: WorkerAt = { name: at.name, journal, checkedAt, remembered, under };
  const lost = world.asked !== null && fate !== 'answered';
  const left = lost ? { ...node.left, losses: node.left.losses - 1 } : node.left;
  const asked = world.asked;
  const text = `${at.name} ${says}${asked === null ? '' : ` (${asked}: ${fate})`}`;
  const child = of(node, text, { truth: world.truth, workers: node.workers.with(index, after), left });
  return { child: { ...child, broken: world.broken }, asked };
}

/** Runs steps until one has written something. Returns the next step. */
async function steps(run: Run, from: number, world: SmallWorld): Promise<number> {
  const all = stepsOfAct(run.act);
  const before = world.truth.journal.length;
  let step = from;
  try {
    for (; step < all.length && !run.over; step += 1) {
      await all[step]?.(run);
      if (world.truth.journal.length > before || world.asked !== null) return step + 1;
    }
  } catch (error) {
    await fail(run, error);
    if (run.act.act === 'issue' || run.act.act === 'verify') await loseRefused({ ...run, act: run.act }, error);
    run.over = true;
  }
  return step;
}

async function decided(target: Target, worker: Worker): Promise<Run | null> {
  let sight = await observe(target, worker);
  for (;;) {
    const decision = decide(sight.observation, worker.journal?.state ?? emptyState(target.key), sight.terms);
    if (decision.kind === 'rest') return null;
    if (decision.kind === 'act') return { target, worker, sight, act: decision.act, found: {}, over: false };
    const seen = await look(target, worker, sight, decision.look);
    sight = { ...sight, observation: { ...sight.observation, seen, checkedAt: worker.checkedAt } };
  }
}

function resumed(target: Target, worker: Worker, { act, sight, found }: UnderWay): Run {
  return { target, worker, sight, act, found, over: false };
}

function nameOf(act: Act): string {
  return act.act === 'note' ? `notes ${act.entry}` : act.act;
}

/** Without further trouble, with time and one worker that is whole, everything comes to its end. */
async function fairEnd(
  node: Node,
  world: SmallWorld,
  target: Target,
  kind: SearchedClass,
): Promise<{ readonly says: string; readonly trace: readonly string[] } | null> {
  let at: Node = { ...node, workers: [idle('Z')], left: { ...node.left, losses: 0, crashes: 0 } };
  for (let round = 0; round < 40; round += 1) {
    let isBusy = true;
    for (let turn = 0; turn < 80 && isBusy; turn += 1) {
      const next = await moved(at, world, target, 0, 'answered');
      isBusy = next !== null;
      if (next === null) continue;
      const says = next.child.broken ?? brokenState(kind, next.child.node.truth);
      if (says !== null) return { says, trace: traceOf(next.child.node) };
      at = next.child.node;
    }
    if (isBusy) return { says: 'it goes round in a circle', trace: traceOf(at) };
    const { truth } = at;
    const nowMs = truth.nowMs + (round < 4 ? 16 : 120) * minuteMs;
    at = of(at, 'time passes', { truth: { ...truth, nowMs, late: [] } }).node;
    const state = at.workers[0]?.journal?.state;
    const isOpen =
      state === undefined || state.rotations.some(({ result }) => result === null) || state.staged.size > 0;
    if (!isOpen && round > 6) break;
  }
  const state = at.workers[0]?.journal?.state;
  const open = state?.rotations.find(({ result }) => result === null);
  const says = open === undefined ? brokenEnd(kind, at.truth) : `a rotation ends at ${open.step}`;
  return says === null ? null : { says, trace: traceOf(at) };
}

function traceOf(node: Node): readonly string[] {
  const lines: string[] = [];
  for (let at: Node | null = node; at !== null && at.says !== ''; at = at.parent) {
    const minutes = Math.round((at.truth.nowMs - Date.parse('2026-03-01T00:00:00Z')) / minuteMs);
    lines.unshift(`+${String(minutes)} min  ${at.says}`);
  }
  return lines;
}

/** The same for states that nothing can tell apart: times as they are, writers by what they are to the journal. */
function fingerprint({ truth, workers, left }: Node): Buffer {
  const hash = createHash('sha1');
  hash.update(`${String(truth.nowMs)} ${JSON.stringify(left)}`);
  for (const { name, version, enabled, value, tags } of truth.vault)
    hash.update(`\n${name} ${version} ${String(enabled)} ${value} ${tags['rotation-id'] ?? ''}`);
  for (const { id, name, value } of [...truth.provider].sort((a, b) => (a.id < b.id ? -1 : 1)))
    hash.update(`\n${id} ${name} ${value}`);
  hash.update(
    `\n${JSON.stringify(truth.late.map((one) => ('version' in one && typeof one.version === 'object' ? { ...one, version: one.version.tags } : one)))}`,
  );
  hash.update(`\n${String(truth.journal.length)} ${truth.journal.at(-1) ?? ''}`);
  // Which of two equal workers does what makes no difference.
  const texts = workers.map(({ name, remembered, under, checkedAt }) => {
    const values = [...remembered].map(([key, { value }]) => `${key}=${value.reveal()}`);
    const act =
      under === null ? '' : `${JSON.stringify(under.act)} ${String(under.step)} ${String(under.found.of ?? '')}`;
    return `${name} ${values.join()} ${act} ${String(checkedAt?.getTime() ?? '')}`;
  });
  hash.update(texts.join('\n'));
  return hash.digest();
}
