import type { JobProof } from '../broker/ports/job-proof.ts';
import { verifyRuntimeToken } from './verify-runtime-token.ts';

/** Proves a job by its runtime token, which Gitea confirms while the task runs. */
export function giteaJobProof(giteaUrl: string): JobProof {
  return { prove: async (credential) => await verifyRuntimeToken(giteaUrl, credential) };
}
