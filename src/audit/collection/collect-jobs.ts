import type { RecordStore } from '../../records/record-store.ts';
import { hourMs } from '../../secrets/duration.ts';
import { jobKey } from '../model/job-name.ts';
import type { Job } from '../model/job.ts';
import { closeEarlierAttempts, closeGoneAttempt } from './close-attempts.ts';
import { harvestLog } from './harvest-log.ts';
import { type JobCollection, type JobsNotRead, readJobCollection, saveUnlessOvertaken } from './job-collection.ts';
import type { UnfinishedJob } from './job-collection.ts';
import type { FeedWord, JobFeed, NamedJob } from './job-feed.ts';
import { recordJob } from './job-ledger.ts';
import { nameJobs, namedJobs, settleNamedJobs } from './named-jobs.ts';
import { cutLogShort } from './receipt-ledger.ts';

interface Collection {
  readonly feed: JobFeed;
  readonly records: RecordStore;
  readonly now: () => Date;
}

/** Gitea ends a job after three hours by default; a repository that is not shown may be readable again until then. */
const gonePatienceMs = 24 * hourMs;

/** Counts, as the summary of a pass takes them. */
export type JobsCollected = {
  /** Attempts of which something new was written. */
  readonly jobs: number;
  readonly logs: number;
  readonly receipts: number;
  /** Logs that Gitea did not give; each is asked for again. */
  readonly logsNotRead: number;
  /** Lists and single jobs that Gitea did not give; `JobCollection.notRead` names them. */
  readonly refusals: number;
  readonly unfinished: number;
};

/** One pass as it goes on. */
interface Pass extends Collection {
  /** When Gitea was looked at. */
  readonly look: Date;
  readonly counts: { jobs: number; logs: number; receipts: number; logsNotRead: number };
  readonly unfinished: Map<string, UnfinishedJob>;
  readonly marks: Record<string, number>;
  readonly notRead: Map<string, JobsNotRead>;
  /** Of the pass before: since when something could not be read. */
  readonly notReadBefore: ReadonlyMap<string, JobsNotRead>;
  /** Jobs that were named and that Gitea answered for. */
  readonly answered: Set<number>;
  readonly toName: NamedJob[];
}

/**
 * Collects what Gitea has to say since the last pass: attempts of jobs into the ledger, and from the log of each that
 * has ended the receipts in it. What one repository, one job or one log answers holds up no other: it is named in
 * `notRead` and asked for again. Safe to run again, and beside another: the ledger keeps the newest word.
 * Rejects if Gitea does not answer at all.
 */
export async function collectJobs({ feed, records, now }: Collection): Promise<JobsCollected> {
  const { state, revision } = await readJobCollection(records);
  const pass: Pass = {
    feed,
    records,
    now,
    look: now(),
    counts: { jobs: 0, logs: 0, receipts: 0, logsNotRead: 0 },
    unfinished: new Map(state.unfinished.map((one) => [jobKey(one.job), one])),
    marks: { ...state.marks },
    notRead: new Map(),
    notReadBefore: new Map(state.notRead.map((one) => [one.what, one])),
    answered: new Set(),
    toName: [],
  };
  const named = [...state.unfinished.map(({ job }) => job), ...(await namedJobs(records))];
  for await (const word of feed.jobs({ marks: state.marks, named })) await take(pass, word);
  await nameJobs(records, pass.toName, pass.look);
  await settleNamedJobs(records, pass.answered, pass.look);
  const notRead = [...pass.notRead.values()];
  await saveUnlessOvertaken(records, stateAfter(pass, state), revision);
  return { ...pass.counts, refusals: notRead.length, unfinished: pass.unfinished.size };
}

/** The ledger vouches for every job of a time only if one list held all of them and nothing of it was refused. */
function stateAfter(pass: Pass, before: JobCollection): JobCollection {
  const complete = pass.feed.whole() && pass.notRead.size === 0;
  return {
    format: 1,
    marks: pass.marks,
    completeTo: complete ? pass.look.toISOString() : before.completeTo,
    unfinished: [...pass.unfinished.values()],
    notRead: [...pass.notRead.values()],
  };
}

async function take(pass: Pass, word: FeedWord): Promise<void> {
  switch (word.kind) {
    case 'job':
      pass.answered.add(word.job.jobId);
      return await takeJob(pass, word);
    case 'gone':
      pass.answered.add(word.jobId);
      return await takeGone(pass, word);
    case 'list-read':
      pass.marks[word.list] = word.highestJobId;
      return;
    case 'refused': {
      const { kind: _, named, ...refusal } = word;
      const since = pass.notReadBefore.get(refusal.what)?.since ?? pass.look.toISOString();
      pass.notRead.set(refusal.what, { ...refusal, since });
      // Its list goes on past it, so that it must be asked for by itself.
      if (named !== null) pass.toName.push(named);
    }
  }
}

async function takeJob(pass: Pass, { job, endedBefore }: Extract<FeedWord, { kind: 'job' }>): Promise<void> {
  await closeEarlier(pass, job, endedBefore);
  if (await recordJob(pass.records, job)) pass.counts.jobs += 1;
  const key = jobKey(job);
  const harvest = job.status === 'completed' ? await harvestLog(pass, job) : null;
  pass.counts.logs += harvest?.logs ?? 0;
  pass.counts.receipts += harvest?.receipts ?? 0;
  if (harvest?.outcome === 'not-read') pass.counts.logsNotRead += 1;
  if (harvest?.outcome === 'done') pass.unfinished.delete(key);
  else pass.unfinished.set(key, { job, seenAt: pass.look.toISOString() });
}

/** Attempts before the one that Gitea tells have ended, and their logs are hidden. */
async function closeEarlier(pass: Pass, job: Job, endedBefore: number): Promise<void> {
  if (endedBefore === 0) return;
  const open = new Map<number, UnfinishedJob>();
  for (const one of pass.unfinished.values()) {
    if (one.job.jobId === job.jobId && one.job.attempt <= endedBefore) open.set(one.job.attempt, one);
  }
  await closeEarlierAttempts(pass.records, { job, endedBefore }, open, pass.look);
  for (const one of open.values()) {
    await cutLogShort(pass.records, one.job);
    pass.unfinished.delete(jobKey(one.job));
  }
}

/** Its run was deleted, or its repository; what the ledger knows of it stays, and its end lies between the two looks. */
async function takeGone(pass: Pass, { jobId, repositoryShown }: Extract<FeedWord, { kind: 'gone' }>): Promise<void> {
  for (const [key, one] of pass.unfinished) {
    if (one.job.jobId !== jobId) continue;
    const mayComeBack = !repositoryShown && pass.look.getTime() - Date.parse(one.seenAt) < gonePatienceMs;
    if (mayComeBack && one.job.status !== 'completed') continue;
    await closeGoneAttempt(pass.records, one, pass.look);
    await cutLogShort(pass.records, one.job);
    pass.unfinished.delete(key);
  }
}
