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

/** Gitea ends a job after three hours by default; until a day has passed, a hidden repository may become readable again. */
const gonePatienceMs = 24 * hourMs;

/** The counts for the summary of a pass. */
export type JobsCollected = {
  /** Attempts with new data. */
  readonly jobs: number;
  readonly logs: number;
  readonly receipts: number;
  /** Logs that Gitea did not return; the next pass asks again. */
  readonly logsNotRead: number;
  /** Lists and single jobs that Gitea did not return; `JobCollection.notRead` names them. */
  readonly refusals: number;
  readonly unfinished: number;
};

/** One pass as it goes on. */
interface Pass extends Collection {
  /** When this pass began to read Gitea. */
  readonly look: Date;
  readonly counts: { jobs: number; logs: number; receipts: number; logsNotRead: number };
  readonly unfinished: Map<string, UnfinishedJob>;
  readonly marks: Record<string, number>;
  readonly notRead: Map<string, JobsNotRead>;
  /** The previous pass's unread items, which contain since when. */
  readonly notReadBefore: ReadonlyMap<string, JobsNotRead>;
  /** Named jobs that Gitea answered for. */
  readonly answered: Set<number>;
  readonly toName: NamedJob[];
}

/**
 * Collects Gitea's news since the last pass: attempts of jobs into the ledger, and the receipts in the log of each attempt
 * that has ended. A failure of one repository, job or log is recorded in `notRead` and retried, and delays no other. Safe
 * to repeat and to run concurrently, because the ledger keeps the newest data. Rejects if Gitea does not answer at all.
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
  const notRead = [...pass.notRead.values()];
  const isSaved = await saveUnlessOvertaken(records, stateAfter(pass, state), revision);
  // Only after its state: a named job that runs is asked for again from there. The other pass may not have asked for it.
  if (isSaved) await settleNamedJobs(records, pass.answered, pass.look);
  return { ...pass.counts, refusals: notRead.length, unfinished: pass.unfinished.size };
}

/** The ledger is complete up to a time only if one list contained all jobs and nothing was refused. */
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
      // The list's mark moves past it, so it must be asked for by itself.
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

/** Closes the attempts before the one that Gitea returned: they have ended, and their logs are hidden. */
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

/** Handles a deleted run or repository: the ledger keeps what it knows, and the end is between the two looks. */
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
