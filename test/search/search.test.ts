import { describe, expect, it } from 'vitest';
import { decide } from '../../src/rotation/decide/decide.ts';
import { servedBy } from '../../src/rotation/journal/target-state.ts';
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

  it.each([
    ['where little goes wrong', 'minted', {}],
    ['where people agree to each step, or say no', 'two-keys', { asks: true, foreign: 1 }],
    ['where a further place is given the value', 'self', { place: true }],
  ] as const)('is walked to its end %s', { timeout: 240_000 }, async (_where, kind, more) => {
    const bounds = { ...smallBounds, crashes: 0, foreign: 0, jumps: 1, ...more };
    const { whole, states, broken } = await search(kind, bounds, { mostStates });
    expect({ whole, broken }).toEqual({ whole: true, broken: null });
    expect(states).toBeGreaterThan(500);
  });

  it('shows the shortest way to a state that must not be', { timeout: 240_000 }, async () => {
    // What somebody sets between the last look and the request is a race that no machine wins.
    const { broken } = await search('two-users', { ...smallBounds, races: true }, { mostStates: 400_000 });
    expect(broken?.says).toMatch(/is ended while it is served|the latest value does not work/);
    expect(broken?.trace.slice(-2).join()).toMatch(/somebody sets the oldest value,.*(?:\(revoke |late: revoke)/);
  });

  it('forgives no machine that brings back what somebody has ended at the provider', { timeout: 240_000 }, async () => {
    // As the machine, but it puts its own value over what somebody else has set.
    const stubborn: typeof decide = (observation, state, terms) => {
      const decision = decide(observation, state, terms);
      const own = state.rotations.at(-1);
      const version = state.current.get('kv/app') ?? null;
      const isReplaced = own?.step === 'published' && servedBy(state, 'kv/app') !== own.credential;
      if (decision.kind !== 'rest' || !isReplaced) return decision;
      return { kind: 'act', act: { act: 'publish', credential: own.credential, member: 'kv/app', over: version } };
    };
    const bounds = { ...smallBounds, losses: 0, crashes: 0, foreign: 2, jumps: 0 };
    const { broken } = await search('two-keys', bounds, { mostStates, everyEnd: mostStates, judge: stubborn });
    expect(broken?.says).toBe('the latest value does not work');
    expect(broken?.trace.join()).toMatch(/somebody changes the credential.*somebody sets the oldest value.*publish/);
    expect((await search('two-keys', bounds, { mostStates })).broken).toBeNull();
  });

  it('sees a rotation that never comes to its end, though nothing disturbs it', async () => {
    const endless: typeof decide = (observation, state, terms) => {
      const decision = decide(observation, state, terms);
      const facts = { about: 'wait' } as const;
      return decision.kind === 'rest' ? { kind: 'act', act: { act: 'note', entry: 'wait', facts } } : decision;
    };
    const { broken } = await search('minted', smallBounds, { mostStates, judge: endless });
    expect(broken?.says).toBe('it goes round in a circle');
  });
});
