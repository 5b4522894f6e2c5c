import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duePeriods } from '../../../src/evidence/period/due-periods.ts';
import { parsePeriod, periodLabel } from '../../../src/evidence/period/parse-period.ts';

const iso = ({ from, to }: { from: Date; to: Date }): string => `${from.toISOString()} ${to.toISOString()}`;

describe('reading a reporting period', () => {
  it.each([
    ['2026-Q3', '2026-07-01T00:00:00.000Z 2026-10-01T00:00:00.000Z'],
    ['2026-Q4', '2026-10-01T00:00:00.000Z 2027-01-01T00:00:00.000Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z 2024-03-01T00:00:00.000Z'],
    ['2026', '2026-01-01T00:00:00.000Z 2027-01-01T00:00:00.000Z'],
    ['2026-07-01..2026-07-31', '2026-07-01T00:00:00.000Z 2026-08-01T00:00:00.000Z'],
    ['2026-07-01T06:00:00Z..2026-07-01T07:30:00Z', '2026-07-01T06:00:00.000Z 2026-07-01T07:30:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(iso(parsePeriod(text))).toBe(expected);
  });

  it.each([
    '',
    '2026-Q5',
    '2026-13',
    '26',
    '2026-02-30..2026-03-01',
    '2026-07-02..2026-07-01',
    'a..b',
    '2026-07-01..',
    '2026-07-01..2026-07-02..2026-07-03',
    '2026-07-01T25:00:00Z..2026-07-02',
  ])('refuses %j and says what it may be', (text) => {
    expect(() => parsePeriod(text)).toThrow(expect.objectContaining({ code: 'PERIOD_MALFORMED' }));
  });

  it('formats a period so that parsing the name returns it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 1, max: 800 }), (start, days) => {
        const from = new Date(start * 86_400_000);
        const period = { from, to: new Date(+from + days * 86_400_000) };
        expect(iso(parsePeriod(periodLabel(period)))).toBe(iso(period));
      }),
    );
    expect(['2026-Q3', '2026-07', '2026'].map((text) => periodLabel(parsePeriod(text)))).toEqual([
      '2026-Q3',
      '2026-07',
      '2026',
    ]);
  });
});

describe('periods that are due', () => {
  const labels = (
    kind: 'month' | 'quarter' | 'year',
    now: string,
    already: readonly string[] = [],
  ): readonly string[] => duePeriods(kind, new Date(now), already.map(parsePeriod)).map(periodLabel);

  it('waits until no late row is expected', () => {
    expect(labels('quarter', '2026-10-02T23:59:59Z', ['2026-Q2'])).toEqual([]);
    expect(labels('quarter', '2026-10-03T00:00:00Z', ['2026-Q2'])).toEqual(['2026-Q3']);
  });

  it('starts with only the newest completed period', () => {
    expect(labels('month', '2026-11-22T00:00:00Z')).toEqual(['2026-10']);
    expect(labels('year', '2026-11-22T00:00:00Z')).toEqual(['2025']);
  });

  it('catches up on missed periods, oldest first, and makes none twice', () => {
    expect(labels('month', '2026-11-22T00:00:00Z', ['2026-07', '2026-06'])).toEqual(['2026-08', '2026-09', '2026-10']);
    expect(labels('month', '2026-11-22T00:00:00Z', ['2026-10'])).toEqual([]);
  });

  it('does not confuse periods of different lengths', () => {
    expect(labels('month', '2026-11-22T00:00:00Z', ['2026-Q3', '2026-10-01..2026-10-15'])).toEqual(['2026-10']);
  });
});
