import { describe, expect, it } from 'vitest';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

/** Over all classes 200,000 states. `npm run search -- --states 2000000` looks further. */
const states = 40_000;

describe('every interleaving of two workers around a rotation', () => {
  it.each(searchedClasses)('breaks nothing, and ends when the trouble ends: %s', { timeout: 120_000 }, async (kind) => {
    const { broken, ...searched } = await search(kind, smallBounds, states);
    expect(broken).toBeNull();
    expect(searched.whole || searched.states === states).toBe(true);
  });

  it('shows the shortest way to a state that must not be', async () => {
    // What somebody sets between the last look and the request is a race that no machine wins.
    const { broken } = await search('two-users', { ...smallBounds, races: true }, 400_000);
    expect(broken?.says).toMatch(/is ended while it is served|the latest value does not work/);
    expect(broken?.trace.slice(-2).join()).toMatch(/somebody sets the oldest value,.*(?:\(revoke |late: revoke)/);
  });
});
