import type { IssuedCredential } from './ports/credential-issuer.ts';
import type { RotationTools } from './rotation-tools.ts';

/**
 * Values that a provider told once and that are not staged yet, by `<rotationId>.<attempt>`.
 * They outlive one pass, so that a throttled vault does not cost a second credential, and die with the process.
 */
const heldBy = new WeakMap<RotationTools['records'], Map<string, IssuedCredential>>();

/** Keeps a credential in memory until it is forgotten. */
export function hold({ records }: RotationTools, attemptId: string, credential: IssuedCredential): void {
  const held = heldBy.get(records) ?? new Map<string, IssuedCredential>();
  heldBy.set(records, held.set(attemptId, credential));
}

/** What this process holds of an attempt, or `null`. */
export function held({ records }: RotationTools, attemptId: string): IssuedCredential | null {
  return heldBy.get(records)?.get(attemptId) ?? null;
}

export function forget({ records }: RotationTools, attemptId: string): void {
  heldBy.get(records)?.delete(attemptId);
}
