import type { ServiceError } from '../service-error.ts';
import { changeIndex, readIndex, withTargets } from './journal/target-index.ts';
import { type PassNotes, type PersonCalled, type ReconcileCount, reconcileCounts } from './pass/pass-notes.ts';
import { planPass } from './pass/plan-pass.ts';
import { takeInventory } from './pass/take-inventory.ts';
import { targetsOfPass } from './pass/targets-of-pass.ts';
import { workOnTargets } from './pass/work-on-targets.ts';
import type { PlanLine } from './plan-target.ts';
import type { RotationTools } from './rotation-tools.ts';

/** The timer comes every five minutes; a pass ends before the next one begins. */
const defaultDeadlineMs = 240_000;

/** What a pass saw and did, in counts that are safe to print. */
export interface Reconciled {
  readonly counts: Readonly<Record<ReconcileCount, number>>;
  /** With `plan`: one exact sentence for each thing that a pass would do, ascending. */
  readonly plan: readonly string[];
  /** The same lines, with the kind of thing that each tells of. */
  readonly planned: readonly PlanLine[];
  /** What prevents a rotation, each as `vault/name: CODE`; of a tag that is not obeyed, `vault/name (tag NAME): CODE`. */
  readonly faults: readonly string[];
  /** The same failures, for programs. `subject`: `vault/name`, `vault/name (tag NAME)`, or a vault alone. */
  readonly failures: readonly { readonly subject: string; readonly error: ServiceError }[];
  /** What a person is called for that no rotation's own state shows, as of a secret that left the policy. */
  readonly calls: readonly PersonCalled[];
  /** The targets that were looked at and for which nobody is called and nothing failed, named as in `calls`. */
  readonly settled: readonly string[];
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
  const { notes, noted } = takeNotes();
  const newest = await takeInventory(tools, notes);
  tools.memory.listed = newest;
  const index = await readIndex(tools.records);
  const found = await targetsOfPass(tools, newest, index, notes);
  if (plan) return noted(await planPass(tools, found, newest, notes));
  const learnt = await workOnTargets(tools, found, notes, end);
  await changeIndex(tools.records, (before) => (learnt.size === 0 ? before : withTargets(before, learnt)));
  return noted([]);
}

/** `notes`: where the parts of a pass write. `noted`: what they wrote, with the lines of a plan. */
function takeNotes(): { readonly notes: PassNotes; readonly noted: (planned: readonly PlanLine[]) => Reconciled } {
  const counts = Object.fromEntries(reconcileCounts.map((one) => [one, 0])) as Record<ReconcileCount, number>;
  const failures: { subject: string; error: ServiceError }[] = [];
  const calls: PersonCalled[] = [];
  const settled: string[] = [];
  const notes: PassNotes = {
    count: (what, by = 1) => void (counts[what] += by),
    fault: (subject, error) => {
      counts.faults += 1;
      failures.push({ subject, error });
    },
    call: (called) => void calls.push(called),
    settle: (subject) => void settled.push(subject),
  };
  const noted = (planned: readonly PlanLine[]) => ({
    counts,
    plan: planned.map(({ text }) => text),
    planned,
    faults: failures.map(({ subject, error }) => `${subject}: ${error.code}`),
    failures,
    calls,
    settled,
  });
  return { notes, noted };
}
