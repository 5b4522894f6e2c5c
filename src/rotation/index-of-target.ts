import { termsDigest } from './bind-target.ts';
import type { Call, Wait } from './decide/decision.ts';
import { toEnd } from './decide/ending-rule.ts';
import { nextCheck } from './decide/force-rules.ts';
import { headOf } from './journal/kept-head.ts';
import type { IndexedTarget } from './journal/target-index.ts';
import { mayArrive, type TargetState } from './journal/target-state.ts';
import type { Sight } from './observe/observe.ts';
import { stateOf, type Target, type Worker } from './observe/target.ts';
import { bindingKey } from './rotation-unit.ts';

/** How often what waits for a person alone is looked at again: their word makes it go on at once. */
const lookAgainMs: Readonly<Partial<Record<Wait['why'], number>>> = {
  go: 6 * 3_600_000,
  mode: 6 * 3_600_000,
  // What is to be weighed is noted anew once an hour.
  approval: 3_600_000,
};

/** What the next pass must know: whether anything is open, and when to look again. `sight`: `null` if nothing was looked at. */
export function indexOf(
  target: Target,
  worker: Worker,
  sight: Sight | null,
  waits: readonly Wait[],
  calls: readonly Call[],
): IndexedTarget {
  const state = stateOf({ target, worker });
  const times = sight === null ? [0] : timesToLook(state, worker, sight, waits, calls);
  return {
    members: target.terms.bindings.map(bindingKey),
    open: sight === null || isTargetOpen(state, sight.observation.now),
    wakeAt: times.length === 0 ? null : new Date(Math.min(...times)).toISOString(),
    checkedAt: worker.checkedAt?.toISOString() ?? null,
    head: headOf(state),
    current: Object.fromEntries(state.current),
    judgedBy: termsDigest(target.terms),
  };
}

/** When a target is to be looked at again, by the vault's clock; the earliest counts. None if only a change can matter. */
function timesToLook(
  state: TargetState,
  { checkedAt }: Worker,
  { observation, terms }: Sight,
  waits: readonly Wait[],
  calls: readonly Call[],
): readonly number[] {
  const { now } = observation;
  const times = waits.map(({ until, why }) => until?.getTime() ?? now.getTime() + (lookAgainMs[why] ?? 0));
  const isOpen = isTargetOpen(state, now);
  if (calls.length > 0 || (isOpen && times.length === 0)) times.push(now.getTime());
  times.push(...mayArrive(state, now).map(({ notAfter }) => Date.parse(notAfter) + 1));
  const check = nextCheck(state, { ...observation, checkedAt }, terms);
  return check === null ? times : [...times, check.getTime()];
}

/** Whether something is under way, waits for its end, or may still arrive. */
export function isTargetOpen(state: TargetState, now: Date): boolean {
  return (
    state.rotations.some(({ result }) => result === null) ||
    toEnd(state).length > 0 ||
    state.staged.size > 0 ||
    mayArrive(state, now).length > 0
  );
}
