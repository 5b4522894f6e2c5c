import type { Person } from '../provenance/person.ts';
import type { RetentionEntry } from './retention-entry.ts';

/** A hold that nobody has lifted. */
export interface Hold {
  /** The number of its entry: its name for `keyturn hold lift`. */
  readonly number: number;
  readonly at: string;
  readonly by: Person;
  readonly reason: string;
  /** What it holds, half-open; `null`: without an end. */
  readonly from: Date | null;
  readonly to: Date | null;
}

/** The holds that count, oldest first. */
export function standingHolds(entries: readonly RetentionEntry[]): readonly Hold[] {
  const lifted = new Set(entries.flatMap(({ facts }) => (facts.act === 'lift' ? [facts.of] : [])));
  return entries.flatMap(({ number, at, facts }): Hold[] => {
    if (facts.act !== 'hold' || lifted.has(number)) return [];
    const { by, reason, from, to } = facts;
    return [
      { number, at, by, reason, from: from === null ? null : new Date(from), to: to === null ? null : new Date(to) },
    ];
  });
}

/** The first hold that holds something of this time; `null` if none does. */
export function holdOn(holds: readonly Hold[], { from, to }: { readonly from: Date; readonly to: Date }): Hold | null {
  return holds.find((hold) => (hold.from === null || hold.from < to) && (hold.to === null || hold.to > from)) ?? null;
}
