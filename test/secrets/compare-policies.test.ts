import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../src/secrets/compare-policies.ts';
import { createPolicyTimeline } from '../../src/secrets/policy-timeline.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { bound } from '../audit/finding-fixtures.ts';

const dayMs = 86_400_000;
const strict = { approval: ['publish' as const], namespaces: ['production'], validityMs: 30 * dayMs };
const before = bound({ repositories: ['acme/shop'] }, strict);

describe('the difference of two policies', () => {
  it.each([
    ['a longer validity', bound({ repositories: ['acme/shop'] }, { ...strict, validityMs: 90 * dayMs }), true],
    ['a shorter validity', bound({ repositories: ['acme/shop'] }, { ...strict, validityMs: 9 * dayMs }), false],
    [
      'a step that needs no approval any more',
      bound({ repositories: ['acme/shop'] }, { ...strict, approval: [] }),
      true,
    ],
    [
      'a step that needs approval now',
      bound({ repositories: ['acme/shop'] }, { ...strict, approval: ['publish', 'revoke'] }),
      false,
    ],
    ['one more repository', bound({ repositories: ['acme/shop', 'acme/blog'] }, strict), true],
    ['a namespace that forbids no repository', bound({ repositories: [] }, strict), true],
    ['forks', bound({ repositories: ['acme/shop'], forks: true }, strict), true],
    ['a secret without namespaces', bound({ repositories: ['acme/shop'] }, { ...strict, namespaces: [] }), true],
    ['another issuer', bound({ repositories: ['acme/shop'] }, { ...strict, issuer: 'gitea-token' }), false],
  ])('tells %s in one line, and whether it widens: %s', (_name, after, widens) => {
    const differences = comparePolicies(before, after);
    expect(differences.map((one) => one.widens)).toEqual([widens]);
    expect(differences[0]?.description).toMatch(/^(secret kv\/database|namespace production): \w+ from .+ to .+$/);
  });

  it('says any, and not none, of a list that limits nothing any more', () => {
    const any = bound({ repositories: [] }, { ...strict, approval: [] });
    expect(comparePolicies(before, any).map(({ description }) => description)).toEqual([
      'secret kv/database: approval from publish to none',
      'namespace production: repositories from acme/shop to any',
    ]);
  });

  it('tells that more hours widen a policy, and fewer do not', () => {
    const night = { days: [], from: '22:00', to: '04:00', timeZone: 'UTC' };
    const noon = { ...night, from: '12:00', to: '13:00' };
    const widens = (from: readonly (typeof night)[], to: readonly (typeof night)[]) =>
      comparePolicies(bound({}, { windows: from }), bound({}, { windows: to })).map((one) => one.widens);
    expect([widens([night, noon], [night]), widens([], [night])]).toEqual([[false], [false]]);
    expect([widens([night], [night, noon]), widens([night], [])]).toEqual([[true], [true]]);
  });

  it('tells identities that are new, and secrets that left', () => {
    expect(comparePolicies(emptyPolicy, before).filter(({ widens }) => widens)).toHaveLength(before.identities.size);
    expect(comparePolicies(before, emptyPolicy)).toContainEqual({
      description: 'secret kv/database: removed',
      widens: true,
    });
    expect(comparePolicies(before, before)).toEqual([]);
  });
});

describe('the policy in force', () => {
  const at = createPolicyTimeline(
    [
      { from: '2026-03-02T00:00:00.000Z', policy: before },
      { from: '2026-03-05T00:00:00.000Z', policy: emptyPolicy },
    ],
    emptyPolicy,
  );

  it('is the newest that was loaded by then, and the first one before all', () => {
    expect([at('2026-03-01T00:00:00Z'), at('2026-03-04T23:59:59.9999999Z')]).toEqual([before, before]);
    expect(at('2026-03-05T00:00:00.0000000Z')).toBe(emptyPolicy);
    expect(createPolicyTimeline([], before)('2026-03-05T00:00:00Z')).toBe(before);
  });
});
