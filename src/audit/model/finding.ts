/** All rules that produce findings. */
export type FindingRule =
  | 'contradicted-read'
  | 'unattributed-read'
  | 'claimed-read'
  | 'unknown-identity-read'
  | 'read-outside-namespace'
  | 'read-by-person'
  | 'duplicate-receipt'
  | 'orphan-receipt'
  | 'receipts-refused'
  | 'denied-burst'
  | 'log-gap'
  | 'secret-never-read'
  | 'grant-unused'
  | 'grant-on-vault'
  | 'grant-brief'
  | 'staging-readable'
  | 'log-switched-off'
  | 'rows-below-metric'
  | 'vault-unexamined'
  | 'in-one-log-only'
  | 'rotation-overdue'
  | 'rotation-failed'
  | 'secret-without-expiry'
  | 'old-version-read'
  | 'staging-read'
  | 'tag-malformed'
  | 'tag-widened'
  | 'unexplained-write'
  | 'rotation-unexplained'
  | 'broker-unexplained'
  | 'broker-read-missing'
  | 'second-broker-key'
  | 'unreadable-row'
  | 'status-disagrees'
  | 'sensitive-operation'
  | 'break-glass-used'
  | 'unproven-approval'
  | 'expired-value-read'
  | 'secret-not-inventoried'
  | 'clock-off'
  | 'refused-outside'
  | 'old-value-alive'
  | 'place-not-served'
  | 'approval-missing'
  | 'emergency-unexplained'
  | 'broker-read-outside-policy'
  | 'use-outside-policy'
  | 'access-not-approved'
  | 'job-unconfirmed'
  | 'rows-below-total'
  | 'slice-altered'
  | 'policy-widened'
  | 'grant-beyond-policy'
  | 'setup-changed'
  | 'vault-unshielded'
  | 'deletion-irrecoverable'
  | 'log-not-kept';

/** Something an auditor should look at. */
export interface Finding {
  readonly format: 1;
  /** Digest of rule, subject and first event, so that a finding keeps its id across reports. */
  readonly id: string;
  readonly rule: FindingRule;
  readonly severity: 'high' | 'medium' | 'low' | 'information';
  /** The subject: `vault/secret`, `owner/name`, an object id or an hour. */
  readonly subject: string;
  /** One plain sentence for a reader who does not know the system. */
  readonly description: string;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The number of events. */
  readonly count: number;
  /** Ids of retrievals, jobs (`owner/name run/job.attempt`), receipts or rotations. */
  readonly evidence: readonly string[];
  /** When a lasting exception ended within the audited time, and by which event; `null` if it did not, or was an event. */
  readonly ended: { readonly at: string; readonly by: string } | null;
}
