import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparedFinding, compareFindings } from '../../../src/evidence/report/compare-findings.ts';

const at = '2026-10-05T00:00:00.000Z';
const finding = (change: Partial<ComparedFinding> = {}): ComparedFinding => ({
  id: 'a1',
  rule: 'rotation-overdue',
  severity: 'medium',
  subject: 'kv-prod/token',
  description: 'It is overdue.',
  ended: null,
  ...change,
});

describe('the findings of two packs', () => {
  it('recur if rule and subject are the same, whatever the id of the first event', () => {
    const { since, notSeenAgain } = compareFindings([finding()], [finding({ id: 'b2' })]);
    expect([since.get('b2'), notSeenAgain]).toEqual(['recurring', []]);
  });

  it('are fixed if one of the same rule and subject lasted before, and none does now', () => {
    const ended = { at, by: 'kv-prod/token@v2' };
    expect(compareFindings([finding()], [finding({ ended })]).since.get('a1')).toBe('fixed');
    expect(compareFindings([finding({ ended })], [finding({ ended })]).since.get('a1')).toBe('recurring');
    expect(compareFindings([finding()], [finding({ ended }), finding({ id: 'b2' })]).since.get('a1')).toBe('recurring');
  });

  it('are not called fixed only because nothing more was seen of them', () => {
    const person = finding({ id: 'c3', rule: 'read-by-person', subject: 'ann' });
    const { since, notSeenAgain } = compareFindings([finding(), person], [finding()]);
    expect([...since.values(), notSeenAgain]).toEqual(['recurring', [person]]);
  });

  it('do not list as not seen again what had ended already', () => {
    expect(compareFindings([finding({ ended: { at, by: 'x' } })], []).notSeenAgain).toEqual([]);
  });

  it('are each new, recurring or fixed, and nothing earlier and open is lost', () => {
    const some = fc.array(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), subject: fc.constantFrom('x', 'y'), isEnded: fc.boolean() }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(some, some, (one, other) => {
        const [earlier, later] = [one, other].map((list) =>
          list.map(({ id, subject, isEnded }) => finding({ id, subject, ended: isEnded ? { at, by: 'x' } : null })),
        ) as [ComparedFinding[], ComparedFinding[]];
        const { since, notSeenAgain } = compareFindings(earlier, later);
        expect([...since.keys()].sort()).toEqual([...new Set(later.map(({ id }) => id))].sort());
        for (const lost of earlier.filter(({ ended }) => ended === null)) {
          const isLater = later.some(({ rule, subject }) => rule === lost.rule && subject === lost.subject);
          expect(isLater || notSeenAgain.some(({ subject }) => subject === lost.subject)).toBe(true);
        }
      }),
    );
  });
});
