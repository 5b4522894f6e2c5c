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
  readonly branch: string | null;
  readonly fork: boolean;
  /** `hook`: known only from a webhook delivery, which limits attributions to `corroborated`. */
  readonly known: 'api' | 'hook';
  readonly url: string | null;
}
