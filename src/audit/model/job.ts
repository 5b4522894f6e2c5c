/** One attempt of one Gitea job, as Gitea's API told it. Numbers are Gitea's database ids; times are whole seconds, UTC. */
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
  /** `null` when this Gitea does not tell it. */
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
  /** `hook`: known from a delivery alone, which caps what rests on it at `corroborated`. */
  readonly known: 'api' | 'hook';
  readonly url: string | null;
}
