import { rotationOf } from './rotation.ts';
import { readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';

/** Long enough for somebody to mend what made the roll-back necessary. */
const restMs = 86_400_000;

/**
 * From when on a secret is rotated by itself again, when its last rotation was rolled back; `null` when nothing stands against it.
 * Without this the old value, which is near its end as it was before, would be replaced again within minutes.
 * `ended`: the unit's last rotation that is over.
 */
export async function restAfterRollBack(
  { records, now }: Pick<RotationTools, 'records' | 'now'>,
  ended: string | null,
): Promise<Date | null> {
  const entries = ended === null ? [] : await readJournal(records, ended);
  if (ended === null || entries.length === 0) return null;
  const { state } = rotationOf(ended, entries);
  const rolledBack = entries.findLast((entry) => entry.act === 'roll-back' && entry.kind === 'outcome');
  const from = new Date(Date.parse(rolledBack?.at ?? '') + restMs);
  return state === 'rolled-back' && now() < from ? from : null;
}
