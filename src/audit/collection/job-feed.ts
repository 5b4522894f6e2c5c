import type { Job } from '../model/job.ts';

/** One word of a feed. */
export type FeedWord =
  /** An attempt. Attempts 1 to `endedBefore` of the same id have ended: the row speaks of a later one. */
  | { readonly kind: 'job'; readonly job: Job; readonly endedBefore: number }
  /**
   * A job that was asked for is not there any more. If its repository is shown, its run was deleted; if not, the repository
   * was deleted or the token may not read it.
   */
  | { readonly kind: 'gone'; readonly jobId: number; readonly repositoryShown: boolean }
  /** A list was read to its mark; what has higher ids than `highestJobId` is new the next time. */
  | { readonly kind: 'list-read'; readonly list: string; readonly highestJobId: number }
  /** Something could not be read, and the rest goes on. `named`: the one job of it, if it is one, to be asked for again. */
  | ({ readonly kind: 'refused'; readonly named: NamedJob | null } & FeedRefusal);

/** What could not be read, and why. */
export interface FeedRefusal {
  /** The key of a list, or `job/ID`: the same from pass to pass. */
  readonly what: string;
  /** What a person calls it: the repository's name, or the job in it. */
  readonly name: string;
  /** A fault's code, with the status where there is one. */
  readonly why: string;
  /** Not allowed or not there, which no later pass mends by itself. */
  readonly lasting: boolean;
}

/** A job that something names. Nothing of it is believed: Gitea is asked. */
export interface NamedJob {
  readonly jobId: number;
  /** `null` if whoever names it does not know: `repository` is asked then. */
  readonly repositoryId: number | null;
  /** `owner/name` by which it is known, or `null`. */
  readonly repository: string | null;
}

interface FeedQuestion {
  /** How far each list was read, by its key. A list without a mark is read whole. */
  readonly marks: Readonly<Record<string, number>>;
  /** Jobs to ask for by their ids. */
  readonly named: readonly NamedJob[];
}

/** Gitea's jobs and their logs. */
export interface JobFeed {
  /** First 8 hexadecimal digits of sha256 over Gitea's address: jobs of other instances are not this feed's. */
  readonly instance: string;
  /** Whether one list holds the jobs of all repositories, so that what it does not hold is known not to be. */
  readonly whole: () => boolean;
  /** What is new since the marks, what runs, and what is named. Rejects only if Gitea does not answer or does not let us in at all. */
  jobs(question: FeedQuestion): AsyncIterable<FeedWord>;
  /** One job, now. `null`: Gitea has no such job, or does not show it. Rejects if Gitea could not be asked. */
  job(named: NamedJob, signal?: AbortSignal): Promise<{ readonly job: Job; readonly endedBefore: number } | null>;
  /**
   * The log of a job's current attempt as text, or `null` if Gitea has none: not started, expired, or hidden because the
   * job was run again. It may still grow for some seconds after the job has ended.
   */
  log(job: Job): Promise<string | null>;
}
