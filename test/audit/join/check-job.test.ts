import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJob } from '../../../src/audit/files/check-job.ts';
import { jobShape } from '../../../src/audit/model/job-shape.ts';

const job = {
  format: 1,
  instance: '0a1b2c3d',
  repositoryId: 7,
  repository: 'shop/api',
  runId: 31,
  jobId: 77,
  attempt: 1,
  taskId: null,
  name: 'deploy',
  runnerId: 3,
  runnerName: 'runner-3',
  labels: ['prod'],
  status: 'completed',
  conclusion: 'success',
  createdAt: '2026-03-02T08:00:00Z',
  startedAt: '2026-03-02T08:00:01Z',
  completedAt: '2026-03-02T08:09:00.000Z',
  event: 'push',
  workflow: 'deploy.yml',
  branch: 'main',
  fork: false,
  forkUnknownBecause: 'it was deleted',
  endedBetween: { after: '2026-03-02T08:00:00Z', before: '2026-03-02T09:00:00Z' },
  known: 'api',
  url: null,
};

const values = fc.constantFrom<unknown>(
  null,
  1,
  2 ** 53,
  -1,
  1.5,
  '',
  'x',
  'unknown',
  'hook',
  'queued',
  'failure',
  true,
  [],
  ['prod', 1],
  ['a', 'b'],
  {},
  { after: 'x', before: 'y' },
  { after: '2026-03-02T08:00:00Z', before: '2026-03-02T09:00:00Z', more: 1 },
  '2026-03-02T08:00:00+01:00',
  '2026-02-31T08:00:00Z',
  '2026-13-01T08:00:00Z',
  '2026-03-02T25:00:00Z',
);
const changes = fc.record({
  changed: fc.dictionary(fc.constantFrom(...Object.keys(job), 'more', '__proto__'), values, { maxKeys: 3 }),
  missing: fc.subarray(Object.keys(job), { maxLength: 2 }),
});

describe('checkJob', () => {
  it('says of every value what the shape says, and returns the same job', () => {
    fc.assert(
      fc.property(changes, ({ changed, missing }) => {
        const members = Object.entries({ ...job, ...changed }).filter(([name]) => !missing.includes(name));
        const value: unknown = JSON.parse(JSON.stringify(Object.fromEntries(members)));
        const shaped = jobShape.safeParse(value);
        if (shaped.success) expect(checkJob(value, 'jobs.ndjson:1')).toEqual(shaped.data);
        else expect(() => checkJob(value, 'jobs.ndjson:1')).toThrow('jobs.ndjson:1');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([null, 'job', 3, [job]])('refuses %j, which is not an object', (value) => {
    expect(() => checkJob(value, 'jobs.ndjson:1')).toThrow('jobs.ndjson:1');
  });
});
