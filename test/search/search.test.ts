import { describe, expect, it } from 'vitest';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

/** Over all classes 200,000 states. `npm run search -- --states 2000000` looks further. */
const mostStates = 40_000;

describe('every interleaving of two workers around a rotation', () => {
  it.each(searchedClasses)('breaks nothing, and ends when the trouble ends: %s', { timeout: 240_000 }, async (kind) => {
    const { broken, ...searched } = await search(kind, smallBounds, { mostStates, everyEnd: 200 });
    expect(broken).toBeNull();
    expect(searched.whole || searched.states === mostStates).toBe(true);
  });

  it('is walked to its end where little goes wrong', { timeout: 240_000 }, async () => {
    const bounds = { ...smallBounds, crashes: 0, foreign: 0, jumps: 1 };
    const { whole, states, broken } = await search('minted', bounds, { mostStates });
    expect({ whole, broken }).toEqual({ whole: true, broken: null });
    expect(states).toBeGreaterThan(1_000);
  });

  it('shows the shortest way to a state that must not be', { timeout: 240_000 }, async () => {
    // What somebody sets between the last look and the request is a race that no machine wins.
    const { broken } = await search('two-users', { ...smallBounds, races: true }, { mostStates: 400_000 });
    expect(broken?.says).toMatch(/is ended while it is served|the latest value does not work/);
    expect(broken?.trace.slice(-2).join()).toMatch(/somebody sets the oldest value,.*(?:\(revoke |late: revoke)/);
  });
});
