import { loseRefused } from '../../src/rotation/act/issue.ts';
import { stepsOfAct } from '../../src/rotation/act/programs.ts';
import { fail, type Run } from '../../src/rotation/act/run.ts';
import { bindTarget, unboundTarget } from '../../src/rotation/bind-target.ts';
import { decide } from '../../src/rotation/decide/decide.ts';
import type { Act } from '../../src/rotation/decide/decision.ts';
import { observe } from '../../src/rotation/observe/observe.ts';
import { forgetAttempt, newWorker, type Target, type Worker } from '../../src/rotation/observe/target.ts';
import { approve } from '../../src/rotation/approve-rotation.ts';
import { decline } from '../../src/rotation/approve-rotation.ts';
import { sayGo } from '../../src/rotation/give-go.ts';
import { askedAbout } from '../../src/rotation/history/rotation-standing.ts';
import { standingQuestion } from '../../src/rotation/journal/target-state.ts';
import { desireOld } from '../../src/rotation/roll-back-rotation.ts';
import { settle } from '../../src/rotation/settle.ts';
import { unitOf } from '../../src/rotation/rotation-unit.ts';
import { ServiceError } from '../../src/service-error.ts';
import { personCalled } from '../provenance/people.ts';
import { type Bounds, type Child, jumpsMs, type Node, type UnderWay, type WorkerAt } from './node.ts';
import { otherHands } from './other-hands.ts';
import {
  begin,
  type Fate,
  latestWorks,
  type SearchedClass,
  smallWorld,
  type SmallWorld,
  type Truth,
} from './small-world.ts';

const minuteMs = 60_000;

/** A world to move in: it is set to a state before each move. */
export interface Board {
  readonly kind: SearchedClass;
  readonly world: SmallWorld;
  readonly bound: Target;
  readonly unbound: Map<string, Target | null>;
  readonly judge: typeof decide;
  readonly asks: boolean;
}

/** `judge`: what decides in the place of the machine. */
export function newBoard(kind: SearchedClass, bounds: Pick<Bounds, 'asks' | 'place'> = {}, judge = decide): Board {
  const world = smallWorld(kind, bounds);
  const unit = unitOf(world.tools.policy, { vault: 'kv', name: 'app' });
  if (unit === null) throw new Error('The secret is not bound.');
  const bound = bindTarget(world.tools, unit);
  return { kind, world, bound, unbound: new Map(), judge, asks: bounds.asks === true };
}

export function firstNode({ kind, bound }: Board, bounds: Bounds): Node {
  const names = ['A', 'B', 'C'].slice(0, bounds.workers);
  return { truth: begin(kind, bound.key, bounds.place), workers: names.map((name) => idle(name)), left: bounds };
}

export function idle(name: string): WorkerAt {
  return { name, journal: null, remembered: new Map(), checkedAt: null, under: null };
}

/** Every state that may follow at once, in an order that depends on the state alone. */
export async function childrenOf(node: Node, board: Board): Promise<readonly Child[]> {
  const children: Child[] = [];
  for (const child of await nextOf(node, board)) children.push(await withoutOvertaken(child, board));
  return children;
}

/**
 * A worker that another has overtaken, and that sends nothing more before its next entry, finds that out whatever happens until
 * then: it has done so at once, which saves all orders in which it might.
 */
async function withoutOvertaken(child: Child, board: Board): Promise<Child> {
  let { node } = child;
  for (const [index, { under, journal }] of child.node.workers.entries()) {
    if (under === null || journal === node.truth.head) continue;
    const next = await moved(node, board, index, 'answered');
    if (next === null || next.asked !== null || !next.child.says.endsWith(tooLate)) continue;
    node = { ...node, workers: next.child.node.workers };
  }
  return node === child.node ? child : { ...child, node };
}

const tooLate = 'was too late';

async function nextOf(node: Node, board: Board): Promise<readonly Child[]> {
  const children: Child[] = [];
  let rests = false;
  for (const [index, worker] of node.workers.entries()) {
    // Two workers that know and do the same: what the one does the other may do.
    if (index > 0 && worker.under === null && isTwin(worker, node.workers[0])) continue;
    const answered = await moved(node, board, index, 'answered');
    rests ||= answered === null;
    if (answered !== null) children.push(answered.child);
    if (answered !== null && answered.asked !== null && node.left.losses > 0) {
      for (const fate of ['lost before', 'lost after', 'late'] as const) {
        const other = await moved(node, board, index, fate);
        if (other !== null) children.push(other.child);
      }
    }
    if (worker.under !== null && node.left.crashes > 0) {
      // Another name: to the journal a worker that starts again is another worker.
      const workers = node.workers.with(index, idle(`${worker.name}'`));
      const left = { ...node.left, crashes: node.left.crashes - 1 };
      children.push(childOf(node, `${worker.name} dies`, { workers, left }));
    }
  }
  for (const [index, request] of node.truth.late.entries()) {
    const { world } = board;
    world.truth = node.truth;
    world.broken = null;
    world.arrive(index);
    children.push(
      childOf(node, `late: ${request.to}`, { truth: settled(board, world.truth, node.workers) }, world.broken),
    );
  }
  const agreed = await answered(node.truth, board);
  if (agreed !== null) children.push(childOf(node, 'somebody agrees', { truth: agreed }));
  children.push(...ofTime(node, rests), ...(await ofOthers(node, board)));
  return children;
}

function isTwin(worker: WorkerAt, first: WorkerAt | undefined): boolean {
  return (
    first?.under === null &&
    worker.remembered.size === 0 &&
    first.remembered.size === 0 &&
    worker.checkedAt?.getTime() === first.checkedAt?.getTime()
  );
}

function ofTime(node: Node, rests: boolean): readonly Child[] {
  const { truth, left, workers } = node;
  // Where everybody can go on at once, time that passes first is time that passes later.
  const matters = rests || truth.late.length > 0 || workers.some(({ under }) => under !== null);
  if (left.jumps === 0 || !matters) return [];
  return jumpsMs.map((jump) => {
    const nowMs = truth.nowMs + jump;
    const late = truth.late.filter(({ until }) => until >= nowMs);
    return childOf(node, `${String(jump / minuteMs)} minutes pass`, {
      truth: { ...truth, nowMs, late },
      left: { ...left, jumps: left.jumps - 1 },
    });
  });
}

async function ofOthers(node: Node, board: Board): Promise<readonly Child[]> {
  const { truth } = node;
  if (node.left.foreign === 0) return [];
  const left = { ...node.left, foreign: node.left.foreign - 1 };
  const children: Child[] = [];
  for (const [says, change] of Object.entries(otherHands)) {
    if (says.startsWith('sets') && node.left.races !== true && isRace(node)) continue;
    const after = change(truth, board.kind);
    if (after !== null)
      children.push(childOf(node, `somebody ${says}`, { truth: settled(board, after, node.workers), left }));
  }
  const rolledBack = await rollBack(truth, board);
  if (rolledBack !== null) children.push(childOf(node, 'somebody rolls back', { truth: rolledBack, left }));
  const declined = await answered(truth, board, 'no');
  if (declined !== null) children.push(childOf(node, 'somebody says no', { truth: declined, left }));
  return children;
}

/** A person makes the old value the desired one, by the very code of the roll-back. */
async function rollBack(truth: Truth, board: Board): Promise<Truth | null> {
  const rotation = truth.head.state.rotations.at(-1);
  if (rotation?.step !== 'published' || rotation.result !== null || rotation.rolledBack !== null) return null;
  const { rotationId } = rotation.claim;
  // Another person than the one who agrees: whoever asked for it cannot.
  const by = personCalled('bob');
  return await said(truth, board, (target) => desireOld(target, { rotationId, by, reason: '' }));
}

/** A person answers what is asked for, by the very code of the go, the approval and the no. `null` where nothing is. */
export async function answered(truth: Truth, board: Board, answer: 'yes' | 'no' = 'yes'): Promise<Truth | null> {
  if (!board.asks) return null;
  const asking = truth.head.state.rotations.map((rotation) => ({
    rotation,
    wanted: askedAbout(truth.head.state, rotation),
  }));
  const found = asking.find(({ wanted }) => wanted !== null && (answer === 'no' || mayAgree(truth, wanted)));
  if (found?.wanted == null) return null;
  const { rotation, wanted } = found;
  const { rotationId } = rotation.claim;
  const person = { by: personCalled('ann'), reason: '' };
  return await said(truth, board, async (target) => {
    if (answer === 'no') await decline(target, { ...person, rotationId });
    else if (wanted.question === 'go') await sayGo(target, person, false);
    else await approve(target, { ...person, rotationId, breakGlass: false });
  });
}

/** Who is told that something may be in force under another name does not agree to its end. */
function mayAgree(
  { head: { state } }: Truth,
  { question, credential }: NonNullable<ReturnType<typeof askedAbout>>,
): boolean {
  const waitsFor = standingQuestion(state, question, credential)?.waitsFor ?? [];
  return waitsFor.every(({ code }) => code !== 'unknown-version');
}

/** What a person says is noted in the journal; `null` where it is refused. */
async function said(truth: Truth, board: Board, word: (target: Target) => Promise<unknown>): Promise<Truth | null> {
  const { world, bound } = board;
  Object.assign(world, { truth, fate: 'answered', asked: null, broken: null });
  const { journals } = world.tools.memory;
  journals.set(bound.key, truth.head);
  try {
    await word(targetOf(board, truth) ?? bound);
    return { ...world.truth, head: journals.get(bound.key) ?? truth.head };
  } catch (error) {
    if (ServiceError.is(error)) return null;
    throw error;
  }
}

/** Nobody can see what is set between the last look and a request that ends or sets a credential, or while one is late. */
function isRace({ workers, truth }: Node): boolean {
  const ending = (act: string | undefined) => act === 'end' || act === 'issue' || act === 'repair';
  return (
    truth.late.some(({ to }) => to === 'issue' || to === 'revoke') ||
    workers.some(({ under }) => under !== null && ending(under.act.act))
  );
}

export function childOf(node: Node, says: string, change: Partial<Node>, broken: string | null = null): Child {
  return { node: { ...node, ...change }, says, broken };
}

/**
 * Harm that was done is over once the newest value works, but for what is under way since before: a request that was sent, or
 * a publication that has read its value, may still bring the value that was ended.
 */
function settled({ kind }: Board, truth: Truth, workers: readonly WorkerAt[]): Truth {
  const { endedByHand, late } = truth;
  if (endedByHand.length === 0 || !latestWorks(kind, truth)) return truth;
  const left = endedByHand.filter(
    (ended) =>
      late.some((request) => request.to === 'add' && request.value === ended) ||
      workers.some(({ under }) => under?.act.act === 'publish' && under.found.value?.reveal() === ended),
  );
  return left.length === endedByHand.length ? truth : { ...truth, endedByHand: left };
}

function targetOf({ bound, unbound, world }: Board, truth: Truth): Target | null {
  if (truth.bound) return bound;
  const { state } = truth.head;
  const known = unbound.get(state.bindings.length === 0 ? '' : 'begun');
  if (known !== undefined) return known;
  const target = unboundTarget(world.tools, state);
  unbound.set(target === null ? '' : 'begun', target);
  return target;
}

/** One worker goes on: decides and takes its act's steps up to the first that writes, or takes the next step. `null` if it rests. */
export async function moved(
  node: Node,
  board: Board,
  index: number,
  fate: Fate,
): Promise<{ readonly child: Child; readonly asked: string | null } | null> {
  const at = node.workers[index];
  const { truth } = node;
  const { world } = board;
  const target = at?.under?.bound === true ? board.bound : targetOf(board, truth);
  if (at === undefined || target === null) return null;
  Object.assign(world, { truth, fate, asked: null, broken: null, calls: [] });
  const worker = newWorker(at.name, at.under === null ? truth.head : at.journal, at.checkedAt);
  worker.remembered = new Map(at.remembered);
  worker.operations = [...(at.under?.operations ?? [])];
  let under: UnderWay | null = null;
  let says: string;
  try {
    const run = at.under === null ? await decided(target, worker, board) : resumed(target, worker, at.under);
    if (run === null) return null;
    const step = await steps(run, at.under?.step ?? 0, world);
    says = `${nameOf(run.act)} ${String(step)}`;
    if (step < stepsOfAct(run.act).length && !run.over) {
      const { act, sight, found } = run;
      under = { act, bound: target === board.bound, sight, found, step, operations: worker.operations };
    }
  } catch (error) {
    if (!ServiceError.is(error, 'JOURNAL_CONFLICT')) throw error;
    says = tooLate;
    forgetAttempt(worker);
  }
  const { checkedAt, remembered, journal } = worker;
  const isNewest = journal !== null && journal.state.number > truth.head.state.number;
  const head = isNewest ? { state: journal.state, entries: [] } : truth.head;
  const known = under === null ? null : isNewest ? head : journal;
  const after: WorkerAt = { name: at.name, journal: known, checkedAt, remembered, under };
  const { asked, broken } = world;
  const lost = asked !== null && fate !== 'answered';
  const left = lost ? { ...node.left, losses: node.left.losses - 1 } : node.left;
  const text = `${at.name} ${says}${asked === null ? '' : ` (${asked}: ${fate})`}`;
  const workers = node.workers.with(index, after);
  const change = { truth: settled(board, { ...world.truth, head }, workers), workers, left };
  return { child: childOf(node, text, change, broken), asked };
}

/** Runs steps until one has written something. Returns the next step. */
async function steps(run: Run, from: number, world: SmallWorld): Promise<number> {
  const all = stepsOfAct(run.act);
  const before = world.truth.journal;
  let step = from;
  try {
    for (; step < all.length && !run.over; step += 1) {
      await all[step]?.(run);
      if (world.truth.journal !== before || world.asked !== null) return step + 1;
    }
  } catch (error) {
    await fail(run, error);
    if (run.act.act === 'issue' || run.act.act === 'verify') await loseRefused({ ...run, act: run.act }, error);
    run.over = true;
  }
  return step;
}

async function decided(target: Target, worker: Worker, { world, judge }: Board): Promise<Run | null> {
  const { decision, sight } = await settle(target, worker, await observe(target, worker), judge);
  if (decision.kind === 'act') return { target, worker, sight, act: decision.act, found: {}, over: false };
  world.calls = decision.calls;
  return null;
}

function resumed(target: Target, worker: Worker, { act, sight, found }: UnderWay): Run {
  return { target, worker, sight, act, found, over: false };
}

function nameOf(act: Act): string {
  return act.act === 'note' ? `notes ${act.entry}` : act.act;
}
