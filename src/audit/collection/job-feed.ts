import type { Job } from '../model/job.ts';

/** One message of a feed. */
export type FeedWord =
  /** An attempt. Attempts 1 to `endedBefore` of the same id have ended, because the row describes a later one. */
  | { readonly kind: 'job'; readonly job: Job; readonly endedBefore: number }
  /**
   * A named job does not exist any more. If its repository is shown, its run was deleted; otherwise the repository was
   * deleted or the token may not read it.
   */
  | { readonly kind: 'gone'; readonly jobId: number; readonly repositoryShown: boolean }
  /** A list was read back to its mark. Next time, jobs with ids above `highestJobId` are new. */
  | { readonly kind: 'list-read'; readonly list: string; readonly highestJobId: number }
  /** Something could not be read; the feed continues. `named`: the job to ask for again, if it was a single job. */
  | ({ readonly kind: 'refused'; readonly named: NamedJob | null } & FeedRefusal);

/** Something that Gitea refused or failed to return. */
export interface FeedRefusal {
  /** The key of a list, or `job/ID`; stays the same from pass to pass. */
  readonly what: string;
  /** For people: the name of the repository or job. */
  readonly name: string;
  /** The error's code, with the HTTP status if there is one. */
  readonly why: string;
  /** Whether waiting does not help: not allowed, or not found. */
  readonly lasting: boolean;
}

/** A job that a delivery, receipt or stamp names. Keyturn trusts none of it and asks Gitea. */
export interface NamedJob {
  readonly jobId: number;
  /** `null` if not known; then `repository` is used. */
  readonly repositoryId: number | null;
  /** A known `owner/name`, or `null`. */
  readonly repository: string | null;
}

interface FeedQuestion {
  /** The mark of each list, by its key. A list without a mark is read completely. */
  readonly marks: Readonly<Record<string, number>>;
  /** Jobs to ask for by their ids. */
  readonly named: readonly NamedJob[];
}

/** Gitea's jobs and their logs. */
export interface JobFeed {
  /** First 8 hexadecimal digits of sha256 over Gitea's address. */
  readonly instance: string;
  /** Whether the last pass read one list of all repositories, so that a job outside it does not exist. */
  readonly whole: () => boolean;
  /** Yields new jobs since the marks, running jobs and named jobs. Rejects only if Gitea does not answer, or refuses every list. */
  jobs(question: FeedQuestion): AsyncIterable<FeedWord>;
  /** Reads one job now. `null`: Gitea has no such job, or does not show it. Rejects if Gitea does not answer. */
  job(named: NamedJob, signal?: AbortSignal): Promise<{ readonly job: Job; readonly endedBefore: number } | null>;
  /**
   * Returns the log of a job's current attempt as text, or `null` if Gitea has none: not started, expired, or hidden by a
   * re-run. A log may grow for some seconds after the job has ended.
   */
  log(job: Job): Promise<string | null>;
}
