import { describe, expect, it } from 'vitest';
import { gapEvents, missedReports, suspiciousReads } from '../../src/composition/people/events-of-collection.ts';
import type { RetrievalCollection } from '../../src/audit/collection/retrieval-collection.ts';
import type { Finding } from '../../src/audit/model/finding.ts';

const now = new Date('2026-03-02T12:10:00Z');
const hours = (...names: string[]) => Object.fromEntries(names.map((name) => [`2026-03-02T${name}:00:00.000Z`, 3]));
const collection = (more: Partial<RetrievalCollection>): RetrievalCollection => ({
  format: 1,
  since: '2026-03-02T06:00:00.000Z',
  readTo: '2026-03-02T12:10:00.000Z',
  watermark: '2026-03-02T10:10:00.000Z',
  held: hours('06', '07', '08', '09', '10'),
  unread: [],
  queries: {},
  ...more,
});

describe('a gap in the log', () => {
  it('is none while every hour has a row whose rows have had time to arrive', () => {
    expect(gapEvents(collection({}), now)).toEqual([]);
    expect(gapEvents(collection({ held: hours('06', '07', '08', '09') }), now)).toEqual([]);
    expect(gapEvents(null, now)).toEqual([]);
  });

  it('is an hour without a row, as each has one of the canary at least', () => {
    const gap = { type: 'log.gap', hour: '2026-03-02T08:00:00.000Z', code: 'NO_ROW', day: '2026-03-02' };
    expect(gapEvents(collection({ held: hours('06', '07', '09', '10') }), now)).toEqual([gap]);
    expect(gapEvents(collection({ held: {} }), now)).toMatchObject([{ hour: '2026-03-02T06:00:00.000Z' }]);
  });

  it('is an interval that could not be read, until the workspace has deleted it', () => {
    const unread = (from: string) => [{ from, to: '2026-03-02T09:00:00.000Z', why: 'LOG_THROTTLED' }];
    expect(gapEvents(collection({ unread: unread('2026-03-02T08:00:00.000Z') }), now)).toMatchObject([
      { code: 'LOG_THROTTLED', hour: '2026-03-02T08:00:00.000Z' },
    ]);
    expect(gapEvents(collection({ unread: unread('2026-01-02T08:00:00.000Z') }), now)).toEqual([]);
  });
});

describe('a report that is due', () => {
  const january = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-02-01T00:00:00Z') };

  it('is missed a day after it was due, and not before', () => {
    expect(missedReports(['month'], [january], new Date('2026-03-03T12:00:00Z'))).toEqual([]);
    expect(missedReports(['month'], [january], new Date('2026-03-04T12:00:00Z'))).toEqual([
      { type: 'report.missed', from: '2026-02-01', to: '2026-03-01', day: '2026-03-04' },
    ]);
  });
});

describe('a finding of yesterday', () => {
  const finding = (rule: Finding['rule']): Finding => ({
    format: 1,
    id: `id-${rule}`,
    rule,
    severity: 'high',
    subject: 'kv/app',
    description: 'x',
    firstAt: '2026-03-01T10:00:00.1234567Z',
    lastAt: '2026-03-01T10:00:00.1234567Z',
    count: 1,
    evidence: [],
    ended: null,
  });

  it('is told at once if it is about a read that somebody must explain', () => {
    expect(suspiciousReads([finding('contradicted-read'), finding('secret-without-expiry')])).toEqual([
      {
        type: 'read.suspicious',
        rule: 'contradicted-read',
        subject: 'kv/app',
        finding: 'id-contradicted-read',
        at: '2026-03-01T10:00:00.123Z',
      },
    ]);
  });
});
