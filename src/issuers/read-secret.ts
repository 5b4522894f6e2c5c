import type { SecretValue } from '../secrets/secret-value.ts';

/**
 * Reads the newest value of a secret that the policy names as `vault/name`, such as a database administrator's login.
 * Such a read is a retrieval like any other, by the rotator's identity. Rejects when the secret is not there or could not be read.
 */
export type ReadSecret = (reference: string, signal: AbortSignal) => Promise<SecretValue>;
