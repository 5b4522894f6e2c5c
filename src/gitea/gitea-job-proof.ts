import type { JobProof } from '../broker/ports/job-proof.ts';
import { verifyRuntimeToken } from './verify-runtime-token.ts';

/** Proves a job by its runtime token, which Gitea confirms while the task runs. `withinMs`: the time of its answer. */
export function giteaJobProof(giteaUrl: string, withinMs?: number): JobProof {
  return { prove: async (credential) => await verifyRuntimeToken(giteaUrl, credential, withinMs) };
}
