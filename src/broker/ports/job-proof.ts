import type { SecretValue } from '../../secrets/secret-value.ts';

/** The task that a proof names, by Gitea's own ids. */
export interface ProvenTask {
  readonly taskId: number;
  readonly runId: number;
  readonly jobId: number;
}

/** Proves which job is asking. */
export interface JobProof {
  /**
   * Returns the task of a credential that Gitea confirms now, while the task runs; `null` if Gitea refuses it.
   * @throws ServiceError `GITEA_UNREACHABLE`
   */
  prove(credential: SecretValue): Promise<ProvenTask | null>;
}
