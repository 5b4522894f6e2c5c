import { AssertionError } from 'node:assert/strict';
import type { JournalAct } from '../../src/rotation/journal/journal-entry.ts';
import { lives, transitions } from '../../src/rotation/journal/transitions.ts';
import { ServiceError } from '../../src/service-error.ts';
import { unexpectedTransitions } from './expected-transitions.ts';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

/** One cell of the table of transitions that says something else. */
export interface Mutant {
  readonly says: string;
  readonly act: JournalAct;
  readonly kind: string;
  readonly row: object;
}

/** Every cell that could be lost, added or changed. */
export function allMutants(): readonly Mutant[] {
  return (Object.keys(transitions) as JournalAct[]).flatMap((act) =>
    Object.entries(transitions[act]).flatMap(([kind, row]) => {
      const { from, to, needs } = row;
      const mutant = (says: string, change: object) => ({
        says: `${act} ${kind} ${says}`,
        act,
        kind,
        row: { ...row, ...change },
      });
      const named = Object.keys(lives);
      return [
        ...needs.map((fact) => mutant(`without ${fact}`, { needs: needs.filter((one) => one !== fact) })),
        ...(from ?? []).map((life) => mutant(`not of what is ${life}`, { from: from?.filter((one) => one !== life) })),
        ...(from === undefined ? [] : named)
          .filter((life) => from?.some((one) => one === life) === false)
          .map((life) => mutant(`of what is ${life}, too`, { from: [...(from ?? []), life] })),
        ...(to === undefined ? [] : named.filter((life) => life !== to)).map((life) =>
          mutant(`becomes ${life}`, { to: life }),
        ),
      ];
    }),
  );
}

/** What notices a mutant: the search of a few states of each class, or what is written down away from the table. */
export async function caughtBy({ act, kind, row }: Mutant): Promise<'search' | 'table' | 'nothing'> {
  const rows = transitions[act] as Record<string, object>;
  const whole = rows[kind] ?? {};
  rows[kind] = row;
  try {
    const bounds = { ...smallBounds, crashes: 0, jumps: 1 };
    for (const one of searchedClasses) {
      const { broken } = await search(one, bounds, { mostStates: 1_500, everyEnd: 50 });
      if (broken !== null) return 'search';
    }
    return unexpectedTransitions().length > 0 ? 'table' : 'nothing';
  } catch (error) {
    if (!ServiceError.is(error) && !(error instanceof AssertionError)) throw error;
    // The machine could not write what it had to, or a reader came to another state than the writer.
    return 'search';
  } finally {
    rows[kind] = whole;
  }
}
