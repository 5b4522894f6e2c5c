import { describe, expect, it } from 'vitest';
import { appendFindingStep, readFindingSteps } from '../../../src/audit/findings/life/finding-record.ts';
import { liveFindings } from '../../../src/audit/findings/life/live-findings.ts';
import type { Finding } from '../../../src/audit/model/finding.ts';
import type { FindingStep } from '../../../src/audit/model/finding-life.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import type { RotationStop } from '../../../src/rotation/history/rotation-history.ts';
import { personCalled } from '../../provenance/people.ts';
import { moment, rotation, row, workload } from '../attribution-fixtures.ts';
import { found } from '../finding-fixtures.ts';

const finding = (id: string, change: Partial<Finding> = {}): Finding => ({
  format: 1,
  id,
  rule: 'secret-without-expiry',
  severity: 'medium',
  subject: 'kv/database',
  description: 'It has no expiry.',
  firstAt: '2026-03-02T00:00:00.000Z',
  lastAt: '2026-03-02T00:00:00.000Z',
  count: 1,
  evidence: ['kv/database@v1'],
  ended: null,
  ...change,
});
const step = (change: Partial<FindingStep> = {}): Omit<FindingStep, 'format' | 'number' | 'previous'> => ({
  finding: 'a',
  at: '2026-03-05T00:00:00.000Z',
  by: personCalled('ann'),
  kind: 'accepted',
  text: 'the vendor has no API',
  until: '2026-04-01T00:00:00.000Z',
  owner: 'platform team',
  due: null,
  ticket: 'OPS-7',
  ...change,
});
const asEntries = (steps: readonly ReturnType<typeof step>[]): readonly FindingStep[] =>
  steps.map((one, index) => ({ ...one, format: 1, number: index + 1, previous: null }));
const stateAt = (time: string, steps: readonly ReturnType<typeof step>[], found = [finding('a')]) =>
  liveFindings(found, asEntries(steps), new Date(time)).get('a');

describe('the life of a finding', () => {
  it('is open until a person accepts it, and opens again by itself when the acceptance ends', () => {
    expect(stateAt('2026-03-04T00:00:00Z', [step()])).toMatchObject({ state: 'open', owner: null });
    expect(stateAt('2026-03-06T00:00:00Z', [step()])).toMatchObject({
      state: 'accepted',
      description:
        'accepted by ann (subject-of-ann at https://login.example.org) until 2026-04-01T00:00:00.000Z: the vendor has no API',
      owner: 'platform team',
      ticket: 'OPS-7',
    });
    expect(stateAt('2026-04-01T00:00:00Z', [step()])).toMatchObject({
      state: 'open',
      since: '2026-04-01T00:00:00.000Z',
    });
  });

  it('opens again when the acceptance is withdrawn; a response keeps the state and is told', () => {
    const withdrawn = step({ kind: 'withdrawn', until: null, at: '2026-03-06T00:00:00.000Z' });
    expect(stateAt('2026-03-07T00:00:00Z', [step(), withdrawn])).toMatchObject({ state: 'open' });
    const answer = step({ kind: 'responded', text: 'we replace it', until: null, due: '2026-03-20' });
    expect(stateAt('2026-03-07T00:00:00Z', [step(), answer])).toMatchObject({
      state: 'accepted',
      response: 'we replace it',
      due: '2026-03-20',
    });
  });

  it('is fixed when the exception ended, accepted or not, and recurred when it begins again', () => {
    const ended = { at: '2026-03-10T00:00:00.000Z', by: 'kv/database@v2' };
    expect(stateAt('2026-03-20T00:00:00Z', [step()], [finding('a', { ended })])).toMatchObject({
      state: 'fixed',
      since: ended.at,
      description: 'fixed by kv/database@v2',
    });
    const again = [finding('b', { ended }), finding('a', { firstAt: '2026-03-15T00:00:00.000Z' })];
    expect(stateAt('2026-03-20T00:00:00Z', [], again)).toMatchObject({
      state: 'recurred',
      description: 'recurred after b',
    });
  });
});

describe('a period before and after a repair', () => {
  const stop = { rotationId: 'abc.1', state: 'needs-attention', at: moment(95), failure: null } as const;
  const rows = [row('c1', { identity: workload('stranger') })];
  const inState = (ended: RotationStop['ended']) => {
    const findings = found({ rows, history: [rotation({ stops: [{ ...stop, ended }] })] });
    const lives = liveFindings(findings, [], new Date(moment(9_000)));
    return new Map(findings.map(({ id, rule }) => [id, `${rule} ${lives.get(id)?.state ?? ''}`]));
  };

  it('has the same exceptions, one of them fixed', () => {
    const [before, after] = [inState(null), inState({ at: moment(300), state: 'done' })];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    expect([...before.values()].sort()).toEqual(['rotation-failed open', 'unknown-identity-read open']);
    expect([...after.values()].sort()).toEqual(['rotation-failed fixed', 'unknown-identity-read open']);
  });
});

describe('the record of decisions', () => {
  it('is one chain, also when two people decide at once', async () => {
    const records = memoryRecordStore();
    await Promise.all([
      appendFindingStep(records, step()),
      appendFindingStep(records, step({ finding: 'b', by: { kind: 'unnamed', door: 'command-line', name: 'root' } })),
    ]);
    const steps = await readFindingSteps(records);
    expect(steps.map(({ number }) => number)).toEqual([1, 2]);
    expect([steps[0]?.previous, steps[1]?.previous]).toEqual([null, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it('is refused when an entry was changed or removed', async () => {
    const records = memoryRecordStore();
    for (const text of ['one', 'two', 'three']) await appendFindingStep(records, step({ text }));
    const path = 'findings/00000002.json';
    const stored = await records.read(path);
    if (stored === null) throw new Error('The entry is missing.');
    const changed = Buffer.from(Buffer.from(stored.bytes).toString().replace('two', 'too'));
    await records.replace(path, changed, stored.revision);
    await expect(readFindingSteps(records)).rejects.toMatchObject({
      code: 'RECORD_UNREADABLE',
      details: { path: 'findings/00000003.json' },
    });
  });
});
