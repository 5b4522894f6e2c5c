import { describe, expect, it } from 'vitest';
import { countCoverage, findUnreadSpans } from '../../../src/audit/period/hour-coverage.ts';
import type { RetrievalCollection } from '../../../src/audit/collection/retrieval-collection.ts';
import { row } from '../attribution-fixtures.ts';

const period = { from: new Date('2026-03-02T08:00:00Z'), to: new Date('2026-03-02T12:00:00Z') };
const state: RetrievalCollection = {
  format: 1,
  since: '2026-03-02T00:00:00.000Z',
  readTo: '2026-03-02T13:00:00.000Z',
  watermark: '2026-03-02T12:30:00.000Z',
  held: {},
  unread: [],
  queries: {},
};

function canary(hour: string, correlationId: string, vault = 'kv') {
  return { vault, secret: 'keyturn-canary', correlationId, at: `2026-03-02T${hour}:05:00Z` };
}

function states(
  canaries: Parameters<typeof countCoverage>[2],
  rows: readonly string[],
  collection: RetrievalCollection | null,
  vaults: readonly string[] = ['kv'],
) {
  const counter = countCoverage(period, new Set(vaults), canaries, collection);
  for (const id of rows) counter.see(row(id));
  return counter.coverage().map((hour) => hour.state);
}

describe('the coverage of an hour', () => {
  const both = [canary('08', 'a'), canary('08', 'b', 'kv-2'), canary('09', 'C')];

  it('needs the row of every canary read: a missing one makes a gap', () => {
    const twice = [...both, canary('08', 'd')];
    expect(states(twice, ['a', 'b', 'c', 'd'], state)).toEqual(['covered', 'covered', 'gap', 'gap']);
    expect(states(twice, ['d', 'c'], state)).toEqual(['gap', 'covered', 'gap', 'gap']);
  });

  it('needs a canary read in every vault: a missing one makes a gap', () => {
    const vaults = ['kv', 'kv-2'];
    expect(states(both, ['a', 'b', 'c'], state, vaults)).toEqual(['covered', 'gap', 'gap', 'gap']);
    expect(states(both, ['a', 'c'], state, vaults)).toEqual(['gap', 'gap', 'gap', 'gap']);
    expect(states(both, ['b'], state, ['kv-2'])).toEqual(['covered', 'gap', 'gap', 'gap']);
    expect(states(both, ['a', 'b', 'c'], state, [])).toEqual(['gap', 'gap', 'gap', 'gap']);
  });

  it('is not read if the collection has not reached it or could not read it', () => {
    const half = { ...state, readTo: '2026-03-02T10:30:00.000Z', since: '2026-03-02T09:00:00.000Z' };
    expect(states(both, ['a', 'b', 'c'], half)).toEqual(['not-read', 'covered', 'not-read', 'not-read']);
    const stuck = [{ from: '2026-03-02T09:59:59.000Z', to: '2026-03-02T10:00:00.000Z', why: 'LOG_QUERY_PARTIAL' }];
    expect(states(both, ['a', 'b', 'c'], { ...state, unread: stuck })).toEqual(['covered', 'not-read', 'gap', 'gap']);
    expect(states([], [], null)).toEqual(['not-read', 'not-read', 'not-read', 'not-read']);
  });

  it('counts the rows of each hour', () => {
    const counter = countCoverage(period, new Set(['kv']), [], state);
    for (const at of ['2026-03-02T08:59:59.9999999Z', '2026-03-02T09:00:00.0000000Z']) counter.see(row(at, { at }));
    expect(counter.coverage().map(({ rows }) => rows)).toEqual([1, 1, 0, 0]);
  });
});

describe('what could not be read', () => {
  const now = new Date('2026-03-02T13:00:00Z');

  it('is nothing if all rows of the period have arrived', () => {
    expect(findUnreadSpans(period, state, now)).toEqual([]);
  });

  it('is pending while rows may arrive, and lost once the workspace has deleted them', () => {
    const early = { ...state, watermark: '2026-03-02T11:00:00.000Z' };
    const lacking = { from: '2026-03-02T11:00:00.000Z', to: '2026-03-02T12:00:00.000Z' };
    expect(findUnreadSpans(period, early, now)).toMatchObject([{ ...lacking, state: 'not-read-yet' }]);
    expect(findUnreadSpans(period, early, new Date('2026-04-02T00:00:00Z'))).toMatchObject([
      { ...lacking, state: 'irrecoverable' },
    ]);
  });

  it('is lost if it is before the collection began, or if nothing was collected', () => {
    const later = { ...state, since: '2026-03-02T09:00:00.000Z' };
    expect(findUnreadSpans(period, later, now)).toMatchObject([
      { from: '2026-03-02T08:00:00.000Z', to: '2026-03-02T09:00:00.000Z', state: 'irrecoverable' },
    ]);
    expect(findUnreadSpans(period, null, now)).toMatchObject([{ why: 'nothing was collected', state: 'not-read-yet' }]);
  });
});
