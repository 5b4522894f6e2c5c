import { namespaceRefusals, type ReadingJob } from './namespace-refusals.ts';
import type { Policy, SecretBinding, TrackedSecret } from './policy.ts';

/** One namespace of a secret, and why it does not let a job read; `because` is empty if it does. */
export interface NamespaceVerdict {
  readonly name: string;
  readonly allows: boolean;
  readonly because: readonly string[];
}

/**
 * What the policy's namespaces say about a job and a secret. `unlimited`: the secret names no namespace, so the audit holds
 * no read against one, and the broker serves no job.
 */
export interface AccessVerdict {
  readonly kind: 'allowed' | 'refused' | 'unlimited';
  /** In the order in which the secret names them. */
  readonly namespaces: readonly NamespaceVerdict[];
}

/**
 * Holds a job against the namespaces of a secret: one that allows is enough. Pure; the broker decides by it before a read,
 * and the audit and `explain` judge by it afterwards.
 */
export function decideAccess(policy: Policy, secret: SecretBinding | TrackedSecret, job: ReadingJob): AccessVerdict {
  const namespaces = secret.namespaces.flatMap((name): NamespaceVerdict[] => {
    const namespace = policy.namespaces.get(name);
    if (namespace === undefined) return [];
    const because = namespaceRefusals(job, namespace);
    return [{ name, allows: because.length === 0, because }];
  });
  if (secret.namespaces.length === 0) return { kind: 'unlimited', namespaces };
  return { kind: namespaces.some(({ allows }) => allows) ? 'allowed' : 'refused', namespaces };
}
