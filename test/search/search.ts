import { deepStrictEqual } from 'node:assert/strict';
import type { decide } from '../../src/rotation/decide/decide.ts';
import { askedAbout } from '../../src/rotation/history/rotation-standing.ts';
import type { TargetState } from '../../src/rotation/journal/target-state.ts';
import { readJournal } from '../../src/rotation/journal/target-journal.ts';
import { fingerprintOf } from './canonical-state.ts';
import { Fingerprints } from './fingerprints.ts';
import { answered, type Board, childOf, childrenOf, firstNode, idle, moved, newBoard } from './moves.ts';
import { type Bounds, type Child, jumpsMs, type Node } from './node.ts';
import { enabledAgain } from './other-hands.ts';
import { brokenEnd, brokenState, latestOf, type SearchedClass } from './small-world.ts';

export const smallBounds: Bounds = { workers: 2, losses: 1, crashes: 1, foreign: 1, jumps: 3 };

export interface Searched {
  /** Distinct states. */
  readonly states: number;
  /** Steps from the undisturbed rotation to the farthest state. */
  readonly depth: number;
  /** Moves from a state to another, those to states that were seen before included. */
  readonly moves: number;
  /** Whether every state within the bounds was seen. */
  readonly whole: boolean;
  /** States that were led to their end in a fair world. */
  readonly ends: number;
  readonly broken: { readonly says: string; readonly trace: readonly string[] } | null;
}

export interface Extent {
  /** The search stops at so many distinct states. */
  readonly mostStates: number;
  /** One state in so many is led to its end in a fair world. */
  readonly everyEnd?: number;
  /**
   * From one state of the undisturbed rotation after the other, the last first, and not from all at once: fewer states wait at a
   * time, and a trace is the shortest from the state that it begins at.
   */
  readonly oneByOne?: boolean;
  /** Decides in the place of the machine. */
  readonly judge?: typeof decide;
  /** `begun`: of how many beginnings the search has begun at this one. */
  readonly told?: (at: { states: number; depth: number; waiting: number; begun: string }) => void;
}

const minuteMs = 60_000;
const root = 0xffff_ffff;
/** A rotation has some thirty steps. */
const mostUndisturbed = 500;
const roundInACircle = 'it goes round in a circle';

/**
 * Breadth first through every interleaving of a small world: the real journal, decision and acts, workers that stop between any
 * two steps, requests that are answered, lost or late, a crash, what other people do, and time that jumps.
 * The first trace to something broken is a shortest one.
 */
export async function search(
  kind: SearchedClass,
  bounds: Bounds,
  { oneByOne = false, ...extent }: Extent,
): Promise<Searched> {
  const board = newBoard(kind, bounds, extent.judge);
  const roots = await undisturbed(firstNode(board, bounds), board);
  const walk: Walk = {
    board,
    roots,
    extent,
    seen: new Fingerprints(extent.mostStates, bounds),
    parents: new Uint32Array(extent.mostStates),
    ordinals: new Uint16Array(extent.mostStates),
    met: { depth: 0, moves: 0, ends: 0 },
  };
  const starts: Reached[] = [];
  for (const [ordinal, node] of roots.entries()) {
    const id = walk.seen.size;
    if (!walk.seen.add(fingerprintOf(node, node.left.jumps), node.left)) continue;
    walk.parents[id] = root;
    walk.ordinals[id] = ordinal;
    starts.push({ node, id });
  }
  const found = (whole: boolean, broken: Searched['broken']) => ({
    ...walk.met,
    states: walk.seen.size,
    whole,
    broken,
  });
  if (roots.length > mostUndisturbed)
    return found(false, { says: roundInACircle, trace: await traceTo(walk.seen.size - 1, [], walk) });
  const beginnings = oneByOne ? starts.toReversed().map((start) => [start]) : [starts];
  for (const [index, beginning] of beginnings.entries()) {
    const stopped = await walkFrom(beginning, `${String(index + 1)} of ${String(beginnings.length)}`, walk);
    if (stopped !== null) return found(false, stopped.broken);
  }
  return found(true, null);
}

interface Walk {
  readonly board: Board;
  readonly roots: readonly Node[];
  readonly extent: Omit<Extent, 'oneByOne'>;
  readonly seen: Fingerprints;
  /** How each state was reached: by which move of which state. Nothing else of a state is kept once it was left. */
  readonly parents: Uint32Array;
  readonly ordinals: Uint16Array;
  readonly met: { depth: number; moves: number; ends: number };
}

interface Reached {
  readonly node: Node;
  readonly id: number;
}

/** Why a walk ends early: something is broken, or there are too many states. */
type Stopped = Pick<Searched, 'broken'>;

async function walkFrom(beginning: readonly Reached[], begun: string, walk: Walk): Promise<Stopped | null> {
  const { extent, seen, met } = walk;
  let level: (Reached | null)[] = [...beginning];
  for (let depth = 0; level.length > 0; depth += 1) {
    met.depth = Math.max(met.depth, depth);
    const next: Reached[] = [];
    for (const [index, reached] of level.entries()) {
      if (reached === null) continue;
      level[index] = null;
      const stopped = await walkOn(reached, next, walk);
      if (stopped !== null) return stopped;
      if (index % 10_000 === 0) extent.told?.({ states: seen.size, depth, waiting: next.length, begun });
    }
    level = next;
  }
  return null;
}

/** Adds the new states that may follow at once to the next level. */
async function walkOn({ node, id: from }: Reached, next: Reached[], walk: Walk): Promise<Stopped | null> {
  const { board, extent, seen, parents, ordinals, met } = walk;
  const { everyEnd = 50, mostStates } = extent;
  const children = await childrenOf(node, board);
  met.moves += children.length;
  for (const [ordinal, child] of children.entries()) {
    const says = child.broken ?? brokenState(board.kind, child.node.truth);
    if (says !== null) return { broken: { says, trace: await traceTo(from, [lineOf(child.node, child.says)], walk) } };
    const id = seen.size;
    if (!isNew(child.node, node.left.jumps, seen)) continue;
    parents[id] = from;
    ordinals[id] = ordinal;
    next.push({ node: child.node, id });
    if (id % everyEnd === 0) {
      met.ends += 1;
      const end = await fairEnd(child.node, board);
      if (end !== null) return { broken: { says: end.says, trace: await traceTo(id, end.trace, walk) } };
    }
    if (seen.size >= mostStates) return { broken: null };
  }
  return null;
}

/** Adds a state. A jump of time that changed nothing leads where no jump leads, with one jump less. */
function isNew(node: Node, jumpsBefore: number, seen: Fingerprints): boolean {
  const { left } = node;
  if (left.jumps < jumpsBefore && seen.isKnown(fingerprintOf(node, jumpsBefore), left)) return false;
  return seen.add(fingerprintOf(node, left.jumps), left);
}

/**
 * The states of a rotation that nothing disturbs, from its beginning to its end: trouble is searched for around each of them.
 * More than `mostUndisturbed` when it has no end.
 */
async function undisturbed(first: Node, board: Board): Promise<readonly Node[]> {
  const path = [first];
  let at = first;
  for (let rests = 0; rests < 3 && path.length <= mostUndisturbed; ) {
    const next = await moved(at, board, 0, 'answered');
    const agreed = next === null ? await answered(at.truth, board) : null;
    if (agreed !== null) at = { ...at, truth: agreed };
    else if (next === null) {
      rests += 1;
      at = { ...at, truth: { ...at.truth, nowMs: at.truth.nowMs + Math.max(...jumpsMs) } };
    } else at = next.child.node;
    path.push(at);
  }
  return path;
}

/** Without further trouble, with time and one worker that is whole, everything comes to its end, or a person is called. */
async function fairEnd(
  node: Node,
  board: Board,
): Promise<{ readonly says: string; readonly trace: readonly string[] } | null> {
  const { kind, world } = board;
  let at: Node = { ...node, workers: [idle('Z')], left: { ...node.left, losses: 0, crashes: 0 } };
  const trace: string[] = [];
  await requireSameFold(node, board);
  for (let round = 0; round < 40; round += 1) {
    let isBusy = true;
    for (let turn = 0; turn < 80 && isBusy; turn += 1) {
      const next = await moved(at, board, 0, 'answered');
      const agreed = next === null ? await answered(at.truth, board) : null;
      isBusy = next !== null || agreed !== null;
      if (agreed !== null) {
        at = childOf(at, '', { truth: agreed }).node;
        trace.push(lineOf(at, 'somebody agrees'));
      }
      if (next === null) continue;
      trace.push(lineOf(next.child.node, next.child.says));
      const says = next.child.broken ?? brokenState(kind, next.child.node.truth);
      if (says !== null) return { says, trace };
      at = next.child.node;
    }
    if (isBusy) return { says: roundInACircle, trace };
    const { truth } = at;
    const { state } = truth.head;
    const isOpen = state.rotations.some(({ result }) => result === null) || state.staged.size > 0;
    if (!isOpen && round > 6) break;
    // Somebody who disabled the newest version has mended by then what made it necessary.
    const again = round === 3 && latestOf(truth)?.version === truth.disabledByPerson ? enabledAgain(truth) : truth;
    const nowMs = truth.nowMs + (round < 4 ? 16 : 120) * minuteMs;
    at = childOf(at, '', { truth: { ...again, nowMs, late: [] } }).node;
  }
  const open = at.truth.head.state.rotations.find(({ result }) => result === null);
  const called = world.calls.length > 0 || waitsForPerson(at.truth.head.state);
  const says = open === undefined || called ? brokenEnd(kind, at.truth, called) : `a rotation ends at ${open.step}`;
  return says === null ? null : { says, trace };
}

/** Whether a person is asked, or has said no and is asked again after a week. */
function waitsForPerson(state: TargetState): boolean {
  return state.declines.length > 0 || state.rotations.some((rotation) => askedAbout(state, rotation) !== null);
}

/** Whoever reads the journal from its first entry is where the workers are that wrote it. */
async function requireSameFold({ truth }: Node, { world, bound }: Board): Promise<void> {
  world.truth = truth;
  const { state } = await readJournal(world.tools.records, bound.key);
  deepStrictEqual(JSON.parse(textOf(state)), JSON.parse(textOf(truth.head.state)));
}

function textOf(state: object): string {
  return JSON.stringify(state, (_name, value: unknown) =>
    value instanceof Map ? [...value] : value instanceof Set ? [...value] : value,
  );
}

function lineOf({ truth }: Node, says: string): string {
  const minutes = Math.round((truth.nowMs - Date.parse('2026-03-01T00:00:00Z')) / minuteMs);
  return `+${String(minutes)} min  ${says}`;
}

/** The way to a state, walked once more (which move was taken is all that was kept), and what follows on it. */
async function traceTo(id: number, more: readonly string[], walk: Walk): Promise<readonly string[]> {
  const { parents, ordinals, roots, board } = walk;
  const way: number[] = [];
  let at = id;
  for (; parents[at] !== root; at = parents[at] ?? root) way.unshift(ordinals[at] ?? 0);
  let node = roots[ordinals[at] ?? 0];
  const lines: string[] = [];
  const step = node?.truth.head.state.rotations.at(-1)?.step ?? 'nothing begun';
  if (node !== undefined) lines.push(lineOf(node, `undisturbed so far: ${step}`));
  for (const ordinal of way) {
    if (node === undefined) break;
    const child: Child | undefined = (await childrenOf(node, board))[ordinal];
    node = child?.node;
    if (child !== undefined) lines.push(lineOf(child.node, child.says));
  }
  return [...lines, ...more];
}
