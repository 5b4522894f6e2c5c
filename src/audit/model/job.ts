/**
 * One attempt of one Gitea job, as Gitea's API describes it. Numbers are Gitea's database ids; times are whole seconds,
 * UTC.
 */
export interface Job {
  readonly format: 1;
  /** First 8 hexadecimal digits of sha256 over Gitea's address. */
  readonly instance: string;
  readonly repositoryId: number;
  /** `owner/name` at the time. */
  readonly repository: string;
  readonly runId: number;
  readonly jobId: number;
  /** From 1. */
  readonly attempt: number;
  /** `null` if this Gitea does not state it. */
  readonly taskId: number | null;
  readonly name: string;
  readonly runnerId: number | null;
  readonly runnerName: string | null;
  readonly labels: readonly string[];
  readonly status: 'queued' | 'waiting' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'cancelled' | 'skipped' | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly event: string;
  /** File name of the workflow, such as `deploy.yml`; absent or `null` if Gitea did not say. */
  readonly workflow?: string | null;
  /** The branch that was pushed, or that the pull request comes from; `null` if there is none or it is not known. */
  readonly branch: string | null;
  /** Whether a stranger's pull request caused it: from a fork, or pushed to `refs/for/…`. `unknown` counts as a fork. */
  readonly fork: boolean | 'unknown';
  /** Why `fork` is unknown, such as `pulls/3 answered 403`; absent if it is known. */
  readonly forkUnknownBecause?: string;
  /**
   * Present if Gitea never stated how this attempt ended: it was seen `after`, and had ended at `before`, which is then
   * `completedAt` too. If `startedAt` is `null` as well, Gitea stated only a later attempt.
   */
  readonly endedBetween?: { readonly after: string; readonly before: string };
  /** `hook`: known only from a webhook delivery, which limits attributions to `corroborated`. */
  readonly known: 'api' | 'hook';
  readonly url: string | null;
}
