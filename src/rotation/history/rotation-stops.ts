import { withEntry } from '../journal/follow-entry.ts';
import { emptyState, type Rotation } from '../journal/target-state.ts';
import type { TargetJournal } from '../journal/target-journal.ts';
import { attemptIdOf } from '../rotation-id.ts';
import type { RotationStop } from './rotation-history.ts';
import { failureOf, stateOfRotation } from './rotation-standing.ts';
import type { RotationState } from '../ports/rotation-steps.ts';

/** The states in which a rotation has left its course. */
const stopStates = ['needs-attention', 'superseded', 'rolled-back', 'abandoned'] as const satisfies RotationState[];

/** The states in which a rotation stays, unless its own facts change; where it was replaced, once it is over. */
const finals: ReadonlySet<RotationState> = new Set(['done', 'superseded', 'rolled-back', 'abandoned']);

function isFinal(state: RotationState, { result }: Rotation): boolean {
  return finals.has(state) && (state !== 'superseded' || result !== null);
}

/**
 * Every time that each rotation of a target left its course, in the order of the target's rotations: what the journal's
 * present state no longer tells. Replays the journal entry by entry.
 */
export function stopsOfRotations({
  state: now,
  entries,
}: Pick<TargetJournal, 'state' | 'entries'>): readonly (readonly RotationStop[])[] {
  const courses: { rotation: Rotation; state: RotationState; readonly stops: RotationStop[] }[] = [];
  let state = emptyState(now.target);
  for (const entry of entries) {
    state = withEntry(state, entry, '');
    for (const [index, rotation] of state.rotations.entries()) {
      const course = courses[index];
      if (course?.rotation === rotation && isFinal(course.state, rotation)) continue;
      const came = stateOfRotation(state, rotation);
      const stops = course?.stops ?? [];
      if (came !== course?.state) {
        const rotationId = attemptIdOf(rotation.claim.rotationId, rotation.attempt);
        note(stops, { rotationId, state: came, at: entry.at, failure: failureOf(state, rotation) });
      }
      courses[index] = { rotation, state: came, stops };
    }
  }
  return courses.map(({ stops }) => stops);
}

interface Arrival extends Pick<RotationStop, 'rotationId' | 'at' | 'failure'> {
  readonly state: RotationState;
}

function note(stops: RotationStop[], { state, at, ...rest }: Arrival): void {
  const last = stops.at(-1);
  if (last?.ended === null) stops[stops.length - 1] = { ...last, ended: { at, state } };
  const stopped = stopStates.find((one) => one === state);
  if (stopped !== undefined) stops.push({ ...rest, state: stopped, at, ended: null });
}
