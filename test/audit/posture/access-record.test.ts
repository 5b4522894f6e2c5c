import { describe, expect, it } from 'vitest';
import type { Posture } from '../../../src/audit/model/posture.ts';
import { createAccessRecord } from '../../../src/audit/posture/access-record.ts';
import { emptyPolicy, type Policy } from '../../../src/secrets/policy.ts';
import { policy } from '../attribution-fixtures.ts';
import { assignment, notSeen, posture, seen } from './posture-fixtures.ts';

const user = 'key-vault-secrets-user';
const period = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-04T00:00:00Z') };
const [morning, evening] = ['2026-03-02T06:00:00.000Z', '2026-03-02T18:00:00.000Z'];

function grantDays(looks: readonly Posture[], policyAt: (at: string) => Policy = () => emptyPolicy) {
  const record = createAccessRecord(new Set(['kv-prod']), period, policyAt);
  for (const one of looks) record.look(one);
  return record.record().grantDays.map(({ day, principalId, verdict, why }) => [day, principalId, verdict, why]);
}

describe('the grants of a day', () => {
  const given = { assignments: [assignment({ role: user })] };
  const outside = 'the policy does not list the identity';
  const rotator = policy({
    identities: new Map([
      ['reader', { objectId: 'reader', role: 'rotator', runnerLabels: [], repositories: [], addresses: [] }],
    ]),
  });

  it('are too much on that day if one look shows it, whatever the policy of the evening opens', () => {
    const looks = [posture({ at: morning, ...given }), posture({ at: evening, ...given })];
    const opened = (at: string) => (at < evening ? emptyPolicy : rotator);
    expect(grantDays(looks, opened)).toEqual([['2026-03-02', 'reader', 'may-read', outside]]);
    const closed = (at: string) => (at < evening ? rotator : emptyPolicy);
    expect(grantDays(looks, closed)).toEqual([['2026-03-02', 'reader', 'may-read', outside]]);
  });

  it('stay on record when the evening no longer has them', () => {
    const looks = [posture({ at: morning, ...given }), posture({ at: evening })];
    expect(grantDays(looks)).toEqual([['2026-03-02', 'reader', 'may-read', outside]]);
  });

  it('say of a group that was not shown that it could not be seen, once a look', () => {
    const record = createAccessRecord(new Set(['kv-prod']), period, () => emptyPolicy);
    const assignments = [assignment({ role: user, principalId: 'team', principalType: 'Group' })];
    for (const at of [morning, evening]) record.look(posture({ at, assignments, groups: { team: notSeen } }));
    expect(record.record().notSeen).toContainEqual({
      about: 'grants',
      says: 'whether team can read in kv-prod could not be seen, because Azure did not show the members of a group, a role or a denial (2 looks)',
    });
  });

  it.each([
    [
      'a group whose members were not seen',
      {
        assignments: [assignment({ role: user, principalId: 'team', principalType: 'Group' })],
        groups: { team: notSeen },
      },
      ['team', 'cannot-tell'],
    ],
    [
      'a condition',
      { assignments: [assignment({ role: user, condition: "@Request[a:b] StringEquals 'x'" })] },
      ['reader', 'on-condition'],
    ],
    ['an eligibility', { subscription: { eligible: seen([assignment({ role: user })]) } }, ['reader', 'may-activate']],
  ])('hold %s, of which nobody can tell whether it is too much', (_, some, told) => {
    expect(grantDays([posture({ at: morning, ...some })])).toEqual([['2026-03-02', ...told, null]]);
  });
});
