import { describe, expect, it } from 'vitest';
import { unexpectedTransitions } from './expected-transitions.ts';
import { allMutants, caughtBy, type Mutant } from './transition-mutants.ts';

/** `MUTANTS=400` draws all of them. */
const drawn = Number(process.env['MUTANTS'] ?? 6);
const seed = Number(process.env['MUTANT_SEED'] ?? Math.floor(Math.random() * 1_000_000));

describe('the table of transitions', () => {
  it('takes and refuses what is written down away from it', () => {
    expect(unexpectedTransitions()).toEqual([]);
  });

  // A search that goes on after its time would meet the next mutant: what a busy machine needs is given.
  describe(`with one cell changed, drawn at random by MUTANT_SEED=${String(seed)}`, () => {
    it.each(draw())('is caught: $says', { timeout: 900_000 }, async (mutant) => {
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
