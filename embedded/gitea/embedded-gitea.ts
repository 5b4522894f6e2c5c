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
  readonly attempt: number;
  readonly name: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'cancelled' | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

export interface StartJob {
  readonly repository: string;
  readonly workflow?: string;
  readonly name: string;
  readonly runner: string;
  readonly event?: string;
  readonly branch?: string;
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
  /** Runs a command as the runner would (no shell): its output becomes the log. Resolves with the exit code. */
  execute(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<number>;
  finish(conclusion?: 'success' | 'failure' | 'cancelled'): EmbeddedJob;
}

export interface EmbeddedGitea {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /** Private when not said. `administrators`: users who may administer it, besides its owner and the site's administrators. */
  addRepository(
    fullName: string,
    options?: { readonly private?: boolean; readonly administrators?: readonly string[] },
  ): EmbeddedRepository;
  /** `environment`: the daemon's own, which reaches every job. `repository`: the one it is registered for; the site's when absent. */
  addRunner(runner: {
    readonly name: string;
    readonly labels: readonly string[];
    readonly version?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly repository?: string;
  }): EmbeddedRunner;
  addUser(user: { readonly name: string; readonly password: string; readonly administrator?: boolean }): void;
  /** An access token of a user, made without a request. Gives its value. */
  seedToken(user: string, name: string, scopes: readonly string[]): string;
  startJob(start: StartJob): RunningJob;
  /** Starts a further attempt of a job that has ended: the same job id, attempt + 1, a new task (as before Gitea 1.27). */
  rerun(jobId: number): RunningJob;
  /** A system webhook for `workflow_job`, signed with the secret. */
  addWebhook(url: string, secret: string): void;
  /** Resolves when every delivery has been answered. */
  settled(): Promise<void>;
  logOf(jobId: number): string;
  jobs(): readonly EmbeddedJob[];
  /** Every token, password and hook secret that it minted or was told since it started, for leak tests. */
  everySecret(): readonly string[];
}
