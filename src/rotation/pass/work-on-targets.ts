import { type Driven, driveTarget } from '../drive-target.ts';
import { stateOfRotation } from '../history/rotation-standing.ts';
import type { JournalAct } from '../journal/journal-entry.ts';
import { changeIndex, type IndexedTarget, unknownTarget } from '../journal/target-index.ts';
import { aboutKey } from '../journal/target-state.ts';
import type { Target } from '../observe/target.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey } from '../rotation-unit.ts';
import { inFairTurns } from './in-fair-turns.ts';
import { guarded, nameOf, noteFault, type PassNotes } from './pass-notes.ts';
import type { Candidate } from './targets-of-pass.ts';

/** Targets worked on at a time: enough to hide a vault's answer times, few enough to stay under its limits. */
const atATime = 8;
const perTargetMs = 60_000;

/** Drives every target of the pass, several at a time. Returns what was learnt for the index. */
export async function workOnTargets(
  tools: RotationTools,
  found: readonly Candidate[],
  notes: PassNotes,
  end: number,
): Promise<ReadonlyMap<string, IndexedTarget>> {
  const learnt = new Map<string, IndexedTarget>();
  // Before anything is begun: a worker that dies must not leave a target that no pass looks at.
  const unlisted = found.filter(({ indexed }) => indexed?.open !== true).map(({ target }) => target);
  if (unlisted.length > 0) {
    const opened = new Map(
      unlisted.map((target) => [target.key, unknownTarget(target.terms.bindings.map(bindingKey))]),
    );
    await changeIndex(tools.records, (before) => {
      const after = new Map(before);
      for (const [key, one] of opened) after.set(key, { ...(before.get(key) ?? one), open: true });
      return after;
    });
  }
  const done = new Map<string, Set<JournalAct>>();
  const known = new Map(found.map(({ target, indexed }) => [target.key, indexed]));
  const needs = ({ target }: Candidate) => target.terms.bindings.map(({ vault }) => vault);
  await inFairTurns(tools, inTurn(found, tools.memory.lastTarget), { atATime, end, needs }, async ({ target }) => {
    tools.memory.lastTarget = target.key;
    let until: Date | null = null;
    await guarded(notes, nameOf(target), async () => {
      const deadlineMs = Math.min(perTargetMs, end - tools.monotonicMs());
      const driven = await driveTarget(target, { indexed: known.get(target.key) ?? null, deadlineMs });
      known.set(target.key, driven.indexed);
      learnt.set(target.key, driven.indexed);
      const before = done.get(target.key) ?? new Set();
      count(notes, before, driven);
      if (before.size === 0) noteCalls(notes, target, driven);
      done.set(target.key, new Set([...before, ...driven.acts]));
      if (driven.fault !== null) noteFault(notes, nameOf(target), driven.fault);
      else if (driven.calls.length === 0) notes.settled.push(nameOf(target));
      until = driven.throttledUntil;
    });
    return until;
  });
  return learnt;
}

/** Begins where the last pass of this process ended, so that a pass that runs out of time starves nobody. */
function inTurn(found: readonly Candidate[], last: string): readonly Candidate[] {
  const at = found.findIndex(({ target }) => target.key > last);
  return at < 0 ? found : [...found.slice(at), ...found.slice(0, at)];
}

/** Counts what became of one target in this pass; what it was counted as in an earlier turn of the pass is not counted again. */
function count(
  notes: PassNotes,
  before: ReadonlySet<JournalAct>,
  { outcome, acts, state, waits, calls }: Driven,
): void {
  const isFirst = before.size === 0;
  if (isFirst && (acts.length > 0 || state.rotations.some(({ result }) => result === null))) notes.counts.advanced += 1;
  notes.counts.claimed += acts.filter((act) => act === 'begin').length;
  if (acts.includes('publish') && state.rotations.at(-1)?.step === 'published') notes.counts.published += 1;
  notes.counts.disabled += acts.filter((act) => act === 'disable').length;
  notes.counts.ended += acts.filter((act) => act === 'end').length;
  if (outcome === 'busy') notes.counts.busy += 1;
  else if (waits.length > 0 || (isFirst && outcome === 'throttled')) notes.counts.waiting += 1;
  if (waits.some(({ why }) => why === 'go')) notes.counts.awaitingGo += 1;
  if (calls.length > 0) notes.counts.needsAttention += 1;
}

/** Tells of the calls that the state of the newest rotation does not tell of: it is over, or there never was one. */
function noteCalls(notes: PassNotes, target: Target, { state, calls }: Driven): void {
  const last = state.rotations.at(-1);
  if (last !== undefined && stateOfRotation(state, last) === 'needs-attention') return;
  for (const { code, about, credential } of calls) {
    const since = state.calls.get(aboutKey(about, credential))?.at;
    if (since !== undefined) notes.calls.push({ subject: nameOf(target), code, since });
  }
}
