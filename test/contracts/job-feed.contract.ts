import { describe, expect, it } from 'vitest';
import type { FeedWord, JobFeed } from '../../src/audit/collection/job-feed.ts';
import type { Job } from '../../src/audit/model/job.ts';

/** A Gitea under the test's control. */
export interface FeedUnderTest {
  readonly feed: JobFeed;
  /** Starts a job and returns its id; it runs until the test finishes it. */
  readonly startJob: (options?: { readonly repository?: string; readonly fork?: boolean }) => number;
  readonly logLine: (jobId: number, line: string) => void;
  readonly finish: (jobId: number) => void;
  /** A further attempt, which runs. Its job's id. */
  readonly rerun: (jobId: number) => number;
  /** Whether a re-run takes the row of the attempt before and hides its log: before Gitea 1.27. */
  readonly oneRow: boolean;
}

/** The contract of every job feed. */
export function jobFeedContract(name: string, create: () => Promise<FeedUnderTest>): void {
  const nothing = { marks: {}, named: [] };

  describe(`job feed: ${name}`, () => {
    it('returns nothing for a Gitea without jobs', async () => {
      const { feed } = await create();
      expect(await all(feed.jobs(nothing))).toEqual([]);
    });

    it('returns every job above the mark once, with its numbers, its repository and its event', async () => {
      const { feed, startJob, finish } = await create();
      const [first, second] = [startJob(), startJob({ repository: 'acme/blog', fork: true })];
      finish(first);
      const jobs = await all(feed.jobs(nothing));
      expect(jobs.map(({ jobId }) => jobId).sort((a, b) => a - b)).toEqual([first, second]);
      expect(jobs.find(({ jobId }) => jobId === first)).toMatchObject({
        format: 1,
        repository: 'acme/shop',
        attempt: 1,
        status: 'completed',
        conclusion: 'success',
        runnerName: 'runner-1',
        labels: ['prod'],
        fork: false,
        known: 'api',
      });
      const ended = jobs.find(({ jobId }) => jobId === first);
      expect(ended?.instance).toMatch(/^[0-9a-f]{8}$/);
      expect(ended?.completedAt).toMatch(/Z$/);
      const running = jobs.find(({ jobId }) => jobId === second);
      expect(running).toMatchObject({ repository: 'acme/blog', fork: true, status: 'in_progress', completedAt: null });
      expect(running?.repositoryId).not.toBe(ended?.repositoryId);
    });

    it('returns new and unfinished jobs, not known ones', async () => {
      const { feed, startJob, finish } = await create();
      const old = startJob();
      finish(old);
      const open = startJob();
      const known = await all(feed.jobs(nothing));
      const unfinished = known.filter(({ jobId }) => jobId === open);
      finish(open);
      const fresh = startJob();
      finish(fresh);
      const told = await all(feed.jobs({ marks: await marksAt(feed, open), named: unfinished }));
      expect(told.map(({ jobId }) => jobId).sort((a, b) => a - b)).toEqual([open, fresh]);
      expect(told.map(({ status }) => status)).toEqual(['completed', 'completed']);
    });

    it('finds more jobs than one page holds', async () => {
      const { feed, startJob, finish } = await create();
      const ids = Array.from({ length: 120 }, () => startJob());
      for (const id of ids) finish(id);
      expect(await all(feed.jobs(nothing))).toHaveLength(120);
      const mark = ids[109] ?? 0;
      expect(await all(feed.jobs({ marks: await marksAt(feed, mark), named: [] }))).toHaveLength(10);
    });

    it('finds a running re-run below the mark', async () => {
      const { feed, startJob, finish, rerun, oneRow } = await create();
      const id = startJob();
      finish(id);
      const again = rerun(id);
      expect(again === id).toBe(oneRow);
      const told = await all(feed.jobs({ marks: await marksAt(feed, id), named: [] }));
      expect(told).toMatchObject([{ jobId: again, attempt: 2, status: 'in_progress' }]);
    });

    it('gives the log of an attempt as text, and never that of another attempt', async () => {
      const { feed, startJob, logLine, finish, rerun, oneRow } = await create();
      const id = startJob();
      logLine(id, 'a line of the first attempt');
      finish(id);
      const [job] = await all(feed.jobs(nothing));
      if (job === undefined) throw new Error('The feed told of no job.');
      expect(await feed.log(job)).toContain('a line of the first attempt');
      logLine(rerun(id), 'a line of the second attempt');
      const log = await feed.log(job);
      if (oneRow) expect(log).toBeNull();
      else expect(log).toContain('a line of the first attempt');
      expect(log ?? '').not.toContain('second');
      expect(await feed.log({ ...job, jobId: 987_654 })).toBeNull();
    });
  });
}

/** The jobs among the words of a feed. */
async function all(words: AsyncIterable<FeedWord>): Promise<Job[]> {
  const found: Job[] = [];
  for await (const word of words) if (word.kind === 'job') found.push(word.job);
  return found;
}

/** A mark at this job for every list of the feed. */
async function marksAt(feed: JobFeed, jobId: number): Promise<Readonly<Record<string, number>>> {
  const marks: Record<string, number> = {};
  for await (const word of feed.jobs({ marks: {}, named: [] })) if (word.kind === 'list-read') marks[word.list] = jobId;
  return marks;
}
