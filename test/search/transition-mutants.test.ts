import { AssertionError } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import type { JournalAct } from '../../src/rotation/journal/journal-entry.ts';
import { lives, transitions } from '../../src/rotation/journal/transitions.ts';
import { ServiceError } from '../../src/service-error.ts';
import { unexpectedTransitions } from './expected-transitions.ts';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

/** One cell of the table of transitions that says something else. */
interface Mutant {
  readonly says: string;
  readonly act: JournalAct;
  readonly kind: string;
  readonly row: object;
}

/** `MUTANTS=400` draws all of them. */
const drawn = Number(process.env['MUTANTS'] ?? 6);
const seed = Number(process.env['MUTANT_SEED'] ?? Math.floor(Math.random() * 1_000_000));

describe('the table of transitions', () => {
  it('takes and refuses what is written down away from it', () => {
    expect(unexpectedTransitions()).toEqual([]);
  });

  describe(`with one cell changed, drawn at random by MUTANT_SEED=${String(seed)}`, () => {
    it.each(draw())('is caught: $says', { timeout: 120_000 }, async (mutant) => {
      expect(await caughtBy(mutant)).not.toBe('nothing');
    });
  });
});

function draw(): readonly Mutant[] {
  const left = [...allMutants()];
  let state = seed;
  return Array.from({ length: drawn }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9) >>> 0;
    return left.splice(state % left.length, 1)[0];
  }).filter((one) => one !== undefined);
}

/** Every cell that could be lost, added or changed. */
function allMutants(): readonly Mutant[] {
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

async function caughtBy({ act, kind, row }: Mutant): Promise<'search' | 'table' | 'nothing'> {
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
