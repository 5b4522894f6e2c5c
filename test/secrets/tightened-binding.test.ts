import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tightenedBinding } from '../../src/secrets/tightened-binding.ts';
import { bindingOf, dayMs } from '../rotation/world/rotation-world.ts';

const binding = bindingOf('app', 'random', { validityMs: 90 * dayMs });
const word = fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom('on', 'off', 'OFF ', '90', '1e3', '-1'));
const tags = fc.record({ rotation: word, ValidityPeriodDays: word, other: word }, { requiredKeys: [] });

describe('the tags of a version', () => {
  it('change only the validity and never widen it, whatever they contain', () => {
    fc.assert(
      fc.property(tags, (some) => {
        const { binding: left } = tightenedBinding(binding, some);
        if (left === null) return;
        expect(left.validityMs).toBeGreaterThan(0);
        expect(left.validityMs).toBeLessThanOrEqual(binding.validityMs);
        expect({ ...left, validityMs: 0 }).toEqual({ ...binding, validityMs: 0 });
      }),
    );
  });

  it('either take effect or are reported as malformed or widening', () => {
    fc.assert(
      fc.property(word, (text) => {
        const { binding: left, malformed, widened } = tightenedBinding(binding, { ValidityPeriodDays: text });
        const isObeyed = left !== null && left.validityMs === Number(text) * dayMs;
        expect(Number(isObeyed) + malformed.length + widened.length).toBe(1);
      }),
    );
  });

  it('allow rotation if absent or on, and with no other value', () => {
    fc.assert(
      fc.property(word, (text) => {
        const { binding: left, malformed } = tightenedBinding(binding, { rotation: text });
        const said = text.trim().toLowerCase();
        expect(left === null).toBe(said !== 'on');
        expect(malformed).toEqual(said === 'on' || said === 'off' ? [] : ['rotation']);
      }),
    );
    expect(tightenedBinding(binding, {})).toEqual({ binding, widened: [], malformed: [] });
  });
});
