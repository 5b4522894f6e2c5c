import { changeIndex, readIndex, withTargets } from './journal/target-index.ts';
import { emptyNotes, type PassNotes } from './pass/pass-notes.ts';
import { planPass } from './pass/plan-pass.ts';
import { takeInventory } from './pass/take-inventory.ts';
import { targetsOfPass } from './pass/targets-of-pass.ts';
import { workOnTargets } from './pass/work-on-targets.ts';
import type { PlanLine } from './plan-target.ts';
import type { RotationTools } from './rotation-tools.ts';

/** The timer comes every five minutes; a pass ends before the next one begins. */
const defaultDeadlineMs = 240_000;

/** What a pass saw and did; its counts are safe to print. */
export interface Reconciled extends Readonly<PassNotes> {
  /** With `plan`: one exact sentence for each thing that a pass would do, ascending. */
  readonly plan: readonly string[];
  /** The same lines, with the kind of thing that each tells of. */
  readonly planned: readonly PlanLine[];
  /** Each of `failures` as `vault/name: CODE`; of a tag that is not obeyed, `vault/name (tag NAME): CODE`. */
  readonly faults: readonly string[];
}

/**
 * One pass over all targets that are open, due, or due for a check. It is authoritative, an event is a hint: calling it often
 * enough is sufficient. It costs in proportion to those, not to what ever ran. A throttled vault holds its own targets alone,
 * and a pass begins where the last one ended.
 * `plan`: looks only, and says what a pass would do and what prevents it.
 * @throws ServiceError when the records cannot be reached. A vault or provider that fails is counted as a fault.
 */
export async function reconcileRotations(
  tools: RotationTools,
  { plan = false, deadlineMs = defaultDeadlineMs }: { readonly plan?: boolean; readonly deadlineMs?: number } = {},
): Promise<Reconciled> {
  const end = tools.monotonicMs() + deadlineMs;
  const notes = emptyNotes();
  const newest = await takeInventory(tools, notes);
  tools.memory.listed = newest;
  const index = await readIndex(tools.records);
  const found = await targetsOfPass(tools, newest, index, notes);
  const planned = plan ? await planPass(tools, found, newest, notes) : [];
  if (!plan) {
    const learnt = await workOnTargets(tools, found, notes, end);
    if (learnt.size > 0) await changeIndex(tools.records, (before) => withTargets(before, learnt));
  }
  const faults = notes.failures.map(({ subject, error }) => `${subject}: ${error.code}`);
  return { ...notes, plan: planned.map(({ text }) => text), planned, faults };
}
