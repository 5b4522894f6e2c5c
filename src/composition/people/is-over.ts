import { hourMs } from '../../secrets/duration.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import { matterOf } from '../../notify/matter-of.ts';
import type { OpenMatter } from './matter-book.ts';
import type { TrackedPass } from './remind-people.ts';

/** What a pass saw. */
export interface SeenOfPass extends TrackedPass {
  /** The rotations that are open. */
  readonly histories: readonly RotationHistory[];
  readonly now: Date;
}

/** Longer than any wait between two looks at one target: what was not seen in it is not there. */
const goneMs = 24 * hourMs;
const waitsForPeople: ReadonlySet<string> = new Set(['needs-attention', 'awaiting-go', 'awaiting-approval']);

/**
 * Whether a matter that people were told of is over after a pass. Only what was looked at can be: a vault that is away, a journal
 * that cannot be read or a target that sleeps ends nothing. Matters of scheduled work are none of a pass.
 */
export function isOver(
  { matter, type, about, seenAt }: OpenMatter,
  { failures, calls, settled }: Pick<Reconciled, 'failures' | 'calls' | 'settled'>,
  { histories, reminders, newest, now }: SeenOfPass,
): boolean {
  const isGone = now.getTime() - Date.parse(seenAt) >= goneMs;
  switch (type) {
    case 'rotation.needs-attention':
    case 'rotation.awaits-approval':
    case 'rotation.awaits-go': {
      const waits = histories.some(
        (history) => waitsForPeople.has(history.state) && matter === matterOfRotation(history),
      );
      return !waits && !failures.some(({ error }) => error.layer === 'record');
    }
    case 'secret.needs-attention':
      return !calls.some(({ subject }) => subject === about) && (settled.includes(about) || isGone);
    case 'rotation.prevented':
      return !failures.some(({ subject }) => subject === about) && (settled.includes(about) || isGone);
    case 'value.dead':
      return (
        !calls.some(({ subject }) => subject === about) &&
        !histories.some((history) => history.state === 'needs-attention' && aboutOf(history) === about) &&
        (settled.includes(about) || isGone)
      );
    case 'secret.ends':
    case 'secret.overdue':
      return newest.has(about) && !reminders.some((reminder) => matterOf(reminder) === matter);
    default:
      return false;
  }
}

function aboutOf({ vault, secret }: RotationHistory): string {
  return `${vault}/${secret}`;
}

function matterOfRotation({
  vault,
  secret: name,
  rotationId: rotation,
  stateSince: since,
}: RotationHistory): string | null {
  return matterOf({ type: 'rotation.awaits-go', secret: `${vault}/${name}`, rotation, since, reminder: 0 });
}
