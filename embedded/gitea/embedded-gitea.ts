/** A repository of the embedded Gitea. */
interface EmbeddedRepository {
  readonly id: number;
  /** `owner/name`. */
  readonly fullName: string;
  readonly private: boolean;
}

/** A runner; its jobs run as `identity` (a client id) and are seen by the vault at `address`. */
interface EmbeddedRunner {
  readonly id: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly version: string;
}

/** One attempt of a job as the embedded Gitea keeps it. */
export interface EmbeddedJob {
  readonly repository: EmbeddedRepository;
  readonly runId: number;
  readonly runNumber: number;
  readonly jobId: number;
  readonly taskId: number;
  /** Before Gitea 1.27: 0 until a runner takes it first, and while a re-run is queued that of the attempt before. */
  readonly attempt: number;
  readonly name: string;
  readonly status: 'queued' | 'waiting' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'cancelled' | 'skipped' | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

export interface StartJob {
  readonly repository: string;
  readonly workflow?: string;
  readonly name: string;
  readonly runner: string;
  /** `push` when absent, and `pull_request` with `pull` or `fork`. */
  readonly event?: string;
  /** The branch that was pushed, or with `fork` the fork's; `main` when absent. */
  readonly branch?: string;
  /** The number of the pull request that caused it. */
  readonly pull?: number;
  /** Caused by a new pull request of a stranger's new fork; what `openPull` does first otherwise. */
  readonly fork?: boolean;
  /** A further job of this run, such as another leg of a matrix; a run of its own when absent. */
  readonly run?: number;
  /** The job's id in the workflow file (GITHUB_JOB), which legs of a matrix share; made from `name` when absent. */
  readonly key?: string;
  /** Who triggered it; the repository's owner when absent. */
  readonly actor?: string;
}

/** A job that was claimed by a runner and goes on until it is finished. */
export interface RunningJob {
  readonly job: EmbeddedJob;
  /** What a real runner sets: GITHUB_*, GITEA_*, ACTIONS_RUNTIME_TOKEN, ACTIONS_RUNTIME_URL, the event file, … */
  readonly environment: Readonly<Record<string, string>>;
  /** Adds a line to its log, stamped with the clock's time, after the runner's masks. */
  log(line: string): void;
  /**
   * Runs a command as a step (without a shell): its output becomes the log, after rows of the runner's own that tell the
   * command; of `sh -c SCRIPT` they tell the script, as a real step's do. Resolves with the exit code.
   * `name`: the step's, made from the command when absent.
   */
  execute(command: readonly string[], environment?: Readonly<Record<string, string>>, name?: string): Promise<number>;
  finish(conclusion?: 'success' | 'failure' | 'cancelled'): EmbeddedJob;
  /**
   * The web interface's cancel. Gitea tells the job completed and cancelled at once (from 1.27 on, with a runner from
   * 2.0.0 on, once the runner has said so), while the runner works on and sends rows until `learnOfCancel`.
   */
  cancel(): EmbeddedJob;
  /** The runner learns of the cancel: 0.8 to 4.2 seconds afterwards were seen. It kills the step and sends the last rows. */
  learnOfCancel(): EmbeddedJob;
}

export interface EmbeddedGitea {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /** Private when not said. `administrators`: users who may administer it, besides its owner and the site's administrators. */
  addRepository(
    fullName: string,
    options?: {
      readonly private?: boolean;
      readonly administrators?: readonly string[];
      /** Whether it has Actions; a fork has not, others have, when absent. */
      readonly actions?: boolean;
      /** `owner/name` that it is a fork of. */
      readonly forkOf?: string;
    },
  ): EmbeddedRepository;
  /** Renames a repository, or gives it to another owner. Its old name redirects from then on. */
  renameRepository(from: string, to: string): void;
  /** Deletes a repository with its runs, jobs and logs. */
  deleteRepository(fullName: string): void;
  /** Opens a pull request against `main` and gives its number. `agit`: pushed to `refs/for/main`. A fork is made where there is none. */
  openPull(pull: {
    readonly repository: string;
    readonly from: 'own' | 'fork' | 'agit';
    readonly branch?: string;
    readonly author?: string;
  }): number;
  /** Deletes what a pull request came from: its branch, or its whole fork. */
  deleteHead(repository: string, pull: number): void;
  /** `environment`: the daemon's own, which reaches every job. `repository`: the one it is registered for; the site's when absent. */
  addRunner(runner: {
    readonly name: string;
    readonly labels: readonly string[];
    readonly version?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly repository?: string;
  }): EmbeddedRunner;
  /** `secondFactor`: Gitea refuses the password alone. */
  addUser(user: {
    readonly name: string;
    readonly password: string;
    readonly administrator?: boolean;
    readonly secondFactor?: boolean;
  }): void;
  /** An access token of a user, made without a request. Gives its value. */
  seedToken(user: string, name: string, scopes: readonly string[]): string;
  startJob(start: StartJob): RunningJob;
  /** A job that no runner has taken. It waits (`waiting`) where `waits` says so, and a stranger's pull request for its approval. */
  queueJob(start: StartJob & { readonly waits?: boolean }): EmbeddedJob;
  /** Ends a job's waiting: it is queued now. */
  approve(jobId: number): EmbeddedJob;
  /** A runner takes a queued job; the one that its labels or its last attempt were meant for when not named. */
  takeJob(jobId: number, runner?: string): RunningJob;
  /** Queues a further attempt of a job that has ended: before 1.27 of the same row, from then on a row of its own. */
  queueRerun(jobId: number): EmbeddedJob;
  /** Queues a further attempt and lets the same runner take it. */
  rerun(jobId: number): RunningJob;
  /** A system webhook, signed with the secret; for `workflow_job` when no events are named. */
  addWebhook(url: string, secret: string, events?: readonly string[]): void;
  /** Resolves when every delivery has been answered. */
  settled(): Promise<void>;
  logOf(jobId: number): string;
  jobs(): readonly EmbeddedJob[];
  /** Every token, password and hook secret that it minted or was told since it started, for leak tests. */
  everySecret(): readonly string[];
}
