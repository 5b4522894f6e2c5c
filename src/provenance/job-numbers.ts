import { createHash } from 'node:crypto';

/** The numbers that name one attempt of one job of one Gitea. All but `instance` are Gitea's own database ids. */
export interface JobNumbers {
  /** First 8 hexadecimal digits of sha256 over Gitea's address, lower-case, without a trailing slash. */
  readonly instance: string;
  /** `null` if the job's environment does not state it. */
  readonly repositoryId: number | null;
  readonly runId: number;
  /** From 1. */
  readonly attempt: number;
  readonly jobId: number;
  readonly taskId: number;
}

/** The short name of a Gitea in stamps and receipts. */
export function instanceOf(giteaUrl: string): string {
  let address = giteaUrl.toLowerCase();
  while (address.endsWith('/')) address = address.slice(0, -1);
  return createHash('sha256').update(address).digest('hex').slice(0, 8);
}
