import { ServiceError } from '../service-error.ts';
import type { RotationSummary } from './history/rotation-history.ts';
import { asked, newestFailure, summariesOf, waitsOf } from './history/rotation-standing.ts';
import type { Question } from './journal/journal-entry.ts';
import { journalTargets, readRemembered } from './journal/target-journal.ts';
import type { TargetState } from './journal/target-state.ts';
import type { RotationTools } from './rotation-tools.ts';

/** One secret of one rotation, for whoever watches or approves. */
export interface RotationListing extends RotationSummary {
  /** What the failure said of itself. */
  readonly diagnosis: string | null;
  /** What waits for a person's word, if something does. */
  readonly awaits: Question | null;
  /** What is to be weighed before a credential ends: codes, names, times. */
  readonly waitsFor: readonly string[];
}

/**
 * Every rotation that the journals know, newest first. A journal that cannot be read hides its own target alone: `unreadable`
 * is told of each. @throws ServiceError `RECORD_STORE_…` when the records cannot be reached.
 */
export async function listRotations(
  tools: Pick<RotationTools, 'records' | 'memory'>,
  unreadable: (target: string, error: ServiceError) => void = () => undefined,
): Promise<readonly RotationListing[]> {
  const listed: RotationListing[] = [];
  for await (const target of journalTargets(tools.records)) {
    try {
      listed.push(...listingsOf((await readRemembered(tools, target)).state));
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_UNREADABLE')) throw error;
      unreadable(target, error);
    }
  }
  return listed.sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
}

/** The rotations of one target, oldest first, one row for each secret. */
function listingsOf(state: TargetState): readonly RotationListing[] {
  return state.rotations.flatMap((rotation) => {
    const diagnosis = newestFailure(state, rotation)?.text ?? null;
    const more = { diagnosis, awaits: asked(state, rotation), waitsFor: waitsOf(state, rotation) };
    return summariesOf(state, rotation).map(({ rolledBack: _rolledBack, ...summary }) => ({ ...summary, ...more }));
  });
}
