import { describe, expect, it } from 'vitest';
import { readFindingSteps } from '../../../src/audit/findings/life/finding-record.ts';
import { recordDecision } from '../../../src/composition/portal/record-decision.ts';
import { packDownloads, recordPackDownload } from '../../../src/evidence/pack/download-ledger.ts';
import type { FindingDecision } from '../../../src/web/portal-ports.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { personCalled } from '../../provenance/people.ts';

const now = new Date('2026-03-01T12:00:00Z');
const by = personCalled('ann');
const findings = [
  { id: 'open', ended: null },
  { id: 'over', ended: { at: '2026-02-01T00:00:00.000Z', by: 'a rotation' } },
];
const decision: FindingDecision = {
  finding: 'open',
  kind: 'accepted',
  text: 'a test system',
  by,
  lastDay: '2026-03-31',
  owner: null,
  due: null,
  ticket: null,
};

describe('a decision on an exception', () => {
  it('is on record until the end of its last day, by the person who decided', async () => {
    const records = memoryRecordStore();
    await recordDecision({ records, now, findings }, decision);
    expect(await readFindingSteps(records)).toEqual([
      expect.objectContaining({ finding: 'open', by, kind: 'accepted', until: '2026-04-01T00:00:00.000Z' }),
    ]);
  });

  it.each([
    ['of a day that is over', { lastDay: '2026-02-28' }],
    ['of a day that no calendar has', { lastDay: '2026-02-30' }],
    ['of an exception that is not there', { finding: 'none' }],
    ['of an exception that has ended', { finding: 'over' }],
    ['with a due day that no calendar has', { due: '2026-02-30' }],
  ])('is refused %s, and nothing is recorded', async (_, change) => {
    const records = memoryRecordStore();
    await expect(recordDecision({ records, now, findings }, { ...decision, ...change })).rejects.toMatchObject({
      code: 'FINDING_DECISION_REFUSED',
    });
    expect(await readFindingSteps(records)).toEqual([]);
  });

  it('is refused while the log is still being read', async () => {
    const records = memoryRecordStore();
    await expect(recordDecision({ records, now, findings: null }, decision)).rejects.toMatchObject({
      code: 'FINDING_DECISION_REFUSED',
    });
  });
});

describe('the record of downloads', () => {
  it('lists those of one pack, newest first, two of one moment apart', async () => {
    const records = memoryRecordStore();
    const record = async (pack: string, file: string, at: string) =>
      await recordPackDownload(records, { at, by, pack, file });
    await record('2026-02-abc', 'report.html', '2026-03-01T10:00:00.000Z');
    await record('2026-02-abc', 'report.pdf', '2026-03-02T10:00:00.000Z');
    await record('2026-02-abc', 'report.pdf', '2026-03-02T10:00:00.000Z');
    await record('2026-02-ab', 'report.html', '2026-03-03T10:00:00.000Z');
    const found = await packDownloads(records, '2026-02-abc');
    expect(found.map(({ file }) => file)).toEqual(['report.pdf', 'report.pdf', 'report.html']);
    expect(found[0]).toMatchObject({ by, pack: '2026-02-abc', format: 1 });
  });
});
