/** An account of Gitea. Its id stays the same after a rename. */
export interface GiteaAccount {
  readonly id: number;
  readonly login: string;
}

/** One attempt of one job as Gitea describes it now. */
export interface JobFacts {
  readonly repositoryId: number;
  /** `owner/name`. */
  readonly repository: string;
  readonly runId: number;
  readonly jobId: number;
  /** From 1. */
  readonly attempt: number;
  /** When a runner took this attempt; `null` if Gitea does not say. Before 1.25 nothing else tells two attempts apart. */
  readonly startedAt: string | null;
  readonly event: string;
  /** `null`: the run belongs to no branch, or Gitea does not say. */
  readonly branch: string | null;
  readonly protectedBranch: boolean;
  readonly fork: boolean | 'unknown';
  /** File name of the workflow; `null` if Gitea does not say. */
  readonly workflow: string | null;
  /** The commit that the run was started on; `null` if Gitea does not say. */
  readonly commit: string | null;
  /** Who started the run; `null` if Gitea does not say. */
  readonly triggeredBy: GiteaAccount | null;
}

export type JobStanding = 'running' | 'ended' | 'moved';

/** Asks Gitea for the facts of a job, with Keyturn's own token. Nothing that the job states is used. */
export interface JobFactsSource {
  /** The short name of this Gitea in stamps and receipts. */
  readonly instance: string;
  /**
   * Returns the facts of the newest attempt of a job; `null` if Gitea knows no such job, or not in this run.
   * `repository` is where the job says it runs; Gitea must show the job there.
   * @throws ServiceError `GITEA_UNREACHABLE`, `GITEA_ACCESS_DENIED`, `GITEA_ANSWER_MALFORMED`
   */
  read(job: {
    readonly runId: number;
    readonly jobId: number;
    readonly repository: string;
  }): Promise<{ readonly facts: JobFacts; readonly isRunning: boolean } | null>;
  /**
   * The account of the author of a commit; `null` if Gitea knows none with that address.
   * @throws as `read`
   */
  authorOf(commit: { readonly repository: string; readonly commit: string }): Promise<GiteaAccount | null>;
  /**
   * Where this attempt of the job stands now. `moved`: its repository has another name or owner than when the session was
   * opened, so what was decided about that name holds no more.
   * @throws as `read`
   */
  standing(job: Pick<JobFacts, 'jobId' | 'attempt' | 'repository' | 'startedAt'>): Promise<JobStanding>;
}
