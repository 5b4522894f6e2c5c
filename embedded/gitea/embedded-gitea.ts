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
  /** Before Gitea 1.27: 0 until a runner first takes it; a queued re-run has the number of the previous attempt. */
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
  /** Default: `push`, or `pull_request` with `pull` or `fork`. */
  readonly event?: string;
  /** The pushed branch, or with `fork` the fork's branch. Default: `main`. */
  readonly branch?: string;
  /** The number of the pull request that caused it. */
  readonly pull?: number;
  /** Opens a pull request from a stranger's fork first. */
  readonly fork?: boolean;
  /** Another job of this run, such as a matrix leg. Absent: a new run. */
  readonly run?: number;
  /** The job's id in the workflow file (GITHUB_JOB), which matrix legs share. Default: from `name`. */
  readonly key?: string;
  /** The user who triggered it. Default: the repository's owner. */
  readonly actor?: string;
  /** The user who wrote the commit, `null` for nobody with an account. Default: the actor. */
  readonly author?: string | null;
}

/** A job that a runner has claimed; it runs until it is finished. */
export interface RunningJob {
  readonly job: EmbeddedJob;
  /** A real runner's variables: GITHUB_*, GITEA_*, ACTIONS_RUNTIME_TOKEN, ACTIONS_RUNTIME_URL, the event file, … */
  readonly environment: Readonly<Record<string, string>>;
  /** Adds a line to its log, stamped with the clock's time, after the runner's masks. */
  log(line: string): void;
  /**
   * Runs a command as a step, without a shell. The log gets the runner's rows with the command (for `sh -c SCRIPT` the
   * script, as in a real step), then the output. Resolves with the exit code. `name`: the step's; default: the command.
   */
  execute(command: readonly string[], environment?: Readonly<Record<string, string>>, name?: string): Promise<number>;
  finish(conclusion?: 'success' | 'failure' | 'cancelled'): EmbeddedJob;
  /**
   * Cancels the job in the web interface. Gitea returns it as completed and cancelled at once (since 1.27, with a runner
   * since 2.0.0: when the runner reports it), while the runner continues and sends rows until `learnOfCancel`.
   */
  cancel(): EmbeddedJob;
  /** The runner learns of the cancel (really 0.8 to 4.2 seconds later), kills the step and sends the last rows. */
  learnOfCancel(): EmbeddedJob;
}

export interface EmbeddedGitea {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /** Private by default. `administrators`: users with administrator rights, besides its owner and the site's administrators. */
  addRepository(
    fullName: string,
    options?: {
      readonly private?: boolean;
      readonly administrators?: readonly string[];
      /** Whether it has Actions. Default: only if it is not a fork. */
      readonly actions?: boolean;
      /** The `owner/name` of its parent. */
      readonly forkOf?: string;
      /** Branches with a protection rule. */
      readonly protectedBranches?: readonly string[];
    },
  ): EmbeddedRepository;
  /** Renames or transfers a repository. Its old name redirects afterwards. */
  renameRepository(from: string, to: string): void;
  /** Deletes a repository with its runs, jobs and logs. */
  deleteRepository(fullName: string): void;
  /** Opens a pull request against `main` and returns its number. `agit`: pushed to `refs/for/main`. Creates a missing fork. */
  openPull(pull: {
    readonly repository: string;
    readonly from: 'own' | 'fork' | 'agit';
    readonly branch?: string;
    readonly author?: string;
  }): number;
  /** Deletes a pull request's branch, or its whole fork. */
  deleteHead(repository: string, pull: number): void;
  /** `environment`: the daemon's, which every job inherits. `repository`: the repository it is registered for; default: the site. */
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
  }): { readonly id: number };
  /** Creates an access token without a request and returns its value. */
  seedToken(user: string, name: string, scopes: readonly string[]): string;
  startJob(start: StartJob): RunningJob;
  /** Queues a job. It is `waiting` if `waits`, or if a stranger's pull request needs approval. */
  queueJob(start: StartJob & { readonly waits?: boolean }): EmbeddedJob;
  /** Approves a waiting job, which is queued then. */
  approve(jobId: number): EmbeddedJob;
  /** Lets a runner take a queued job. Default: the runner of its last attempt, else one with its labels. */
  takeJob(jobId: number, runner?: string): RunningJob;
  /** Queues another attempt of a finished job: before 1.27 in the same row, since then in a new one. */
  queueRerun(jobId: number): EmbeddedJob;
  /** Queues another attempt and lets the same runner take it. */
  rerun(jobId: number): RunningJob;
  /** Adds a system webhook, signed with the secret. Default event: `workflow_job`. */
  addWebhook(url: string, secret: string, events?: readonly string[]): void;
  /** Resolves when every delivery has been answered. */
  settled(): Promise<void>;
  logOf(jobId: number): string;
  jobs(): readonly EmbeddedJob[];
  /** Every token, password and hook secret that it created or received since its start, for leak tests. */
  everySecret(): readonly string[];
}
