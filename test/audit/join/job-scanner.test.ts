import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spanOf } from '../../../src/audit/attribution/job-index.ts';
import { checkJob } from '../../../src/audit/files/check-job.ts';
import { createJobScanner, type JobScanner } from '../../../src/audit/files/job-scanner.ts';
import { hashDashed, hashText } from '../../../src/audit/join/text-hash.ts';
import { jobKey } from '../../../src/audit/model/job-name.ts';
import { linePlacers } from '../line-places.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`job scanner: KEYTURN_TEST_SEED=${String(seed)}`);

/** Bytes after a line, as a block has them: the scanner looks ahead. */
const after = Buffer.alloc(4_096, '{"format":1,"instance":"');

const numbers = fc.oneof(fc.nat(99), fc.constantFrom<unknown>(-1, 1.5, 1e15, 123_456_789_012_345, 1e21, null, '1'));
const times = fc.constantFrom<unknown>(
  '2026-03-02T08:00:00Z',
  '2026-03-02T08:00:01Z',
  '2026-03-02T08:09:00.250Z',
  '2026-03-02T08:00:00+01:00',
  '2026-02-31T08:00:00Z',
  '2026-03-02T24:00:00Z',
  '2026-13-01T08:00:00Z',
  'yesterday',
  null,
);
const texts = fc.constantFrom<unknown>('0a1b2c3d', 'deploy', '', 'a-b', 'é', 'a"b', 'x'.repeat(300), null);

const jobs = fc
  .record({
    instance: texts,
    repositoryId: numbers,
    repository: fc.constantFrom('shop/api', 'shop/web'),
    runId: fc.nat(9),
    jobId: fc.oneof(fc.nat(9_999), numbers),
    attempt: numbers,
    taskId: numbers,
    runnerName: texts,
    labels: fc.constantFrom<unknown>(['prod'], [], ['a', 'b'], ['prod', 1]),
    status: fc.constantFrom<unknown>('completed', 'in_progress', 'done', null),
    conclusion: fc.constantFrom<unknown>('success', 'failure', 'unknown', null),
    createdAt: times,
    startedAt: times,
    completedAt: times,
    fork: fc.constantFrom<unknown>(true, false, 'unknown', 'no'),
    known: fc.constantFrom('api', 'hook', 'guess'),
    url: texts,
    more: fc.constantFrom<unknown>(1, {}),
    endedBetween: fc.constant({ after: '2026-03-02T08:00:00Z', before: '2026-03-02T09:00:00Z' }),
  })
  .chain((odd) =>
    // Mostly valid: few of the members are unusual.
    fc
      .record({ names: fc.subarray(Object.keys(odd) as (keyof typeof odd)[], { maxLength: 2 }), jobId: fc.nat(99_999) })
      .map(({ names, jobId }) => ({
        format: 1,
        instance: '0a1b2c3d',
        repositoryId: 7,
        repository: 'shop/api',
        runId: 31,
        jobId,
        attempt: 1,
        taskId: null,
        name: 'deploy',
        runnerId: 3,
        runnerName: 'runner-3',
        labels: ['prod'],
        status: 'completed',
        conclusion: 'success',
        createdAt: `2026-03-02T08:00:${String(jobId % 60).padStart(2, '0')}Z`,
        startedAt: `2026-03-02T08:01:${String(jobId % 60).padStart(2, '0')}Z`,
        completedAt: `2026-03-02T08:09:${String(jobId % 60).padStart(2, '0')}Z`,
        event: 'push',
        branch: 'main',
        fork: false,
        known: 'api',
        url: null,
        ...Object.fromEntries(names.map((name) => [name, odd[name]])),
      })),
  );

/** Lines of jobs, some of which are broken. */
const lines = fc
  .tuple(jobs, fc.nat(9), fc.nat(), fc.constantFrom('', '"', '\\', ',', '0', '\u0001', ' ', '-'))
  .map(([job, isBroken, at, other]) => {
    const line = JSON.stringify(job);
    const place = at % line.length;
    return isBroken > 0 ? line : line.slice(0, place) + other + line.slice(place + 1);
  });

describe.each(linePlacers)('a job that is read from its bytes, %s,', (_, placer) => {
  /** What is filed of the job in a line; `null` if it has no form that was learned, or one that may be invalid. */
  function scanLine(scanner: JobScanner, line: string) {
    const { bytes, from, to } = placer.place(line, after);
    const job = scanner.scan(bytes, from, to);
    if (job === null) return null;
    return { hash: hashDashed(bytes, job.starts, job.ends, job.key), from: job.from, to: job.to };
  }

  it('is filed as its JSON says, whichever jobs came before it', () => {
    let scanned = 0;
    fc.assert(
      fc.property(fc.array(lines, { minLength: 5, maxLength: 40 }), (given) => {
        const scanner = createJobScanner(placer.memory());
        for (const line of given) {
          const found = scanLine(scanner, line);
          const value = parsed(line);
          if (found === null) {
            if (value !== null && isValid(value)) scanner.learn(line, value);
            continue;
          }
          scanned += 1;
          const job = checkJob(value, 'here');
          const span = spanOf(job);
          expect(found).toEqual({
            hash: hashText(jobKey(job)),
            from: span?.from ?? Number.NaN,
            to: span?.to ?? Number.NaN,
          });
        }
      }),
      { seed, numRuns: 300 },
    );
    expect(scanned).toBeGreaterThan(300);
  });
});

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isValid(value: unknown): boolean {
  try {
    checkJob(value, '');
    return true;
  } catch {
    return false;
  }
}
