/** The identity that a row names. All lower-case; `null` where the row does not state it. */
export interface CallerIdentity {
  readonly objectId: string | null;
  readonly applicationId: string | null;
  readonly userPrincipalName: string | null;
  /** Azure Resource Manager id of a managed identity (`xms_mirid`). */
  readonly managedIdentity: string | null;
  /** `person`: a delegated token (a user name or a scope). `none`: no identity in the row. */
  readonly kind: 'workload' | 'person' | 'none';
}

/** The kind of a row. Only `read` discloses a value and counts in the population. */
export type OperationKind =
  | 'read' // a value was disclosed: SecretGet, SecretBackup, SecretRestore answered 200
  | 'denied'
  | 'not-found'
  | 'failed' // throttled, or the service failed
  | 'write'
  | 'list'
  | 'probe' // the SDK's challenge: Authentication, 401, no identity
  | 'platform' // Azure's own: VaultGet by the platform, event notifications
  | 'not-a-secret';

/** One operation that Key Vault logged, whichever table or archive it came from. */
export interface Retrieval {
  readonly format: 1;
  /**
   * Digest over vault, correlation id, operation, status, secret, requested version and time, so that the same event read
   * twice is one event, and an auditor can recompute it from the row.
   */
  readonly id: string;
  /** ISO 8601 in UTC with the seven fractional digits of the log: two rows may differ only in the last. */
  readonly at: string;
  readonly kind: OperationKind;
  readonly operation: string;
  readonly status: number;
  readonly vault: string;
  readonly secret: string | null;
  /** The version served. */
  readonly version: string | null;
  /** The version requested, if the caller pinned one. */
  readonly requestedVersion: string | null;
  readonly identity: CallerIdentity;
  readonly address: string | null;
  /** The User-Agent as sent; only a claim. */
  readonly client: string | null;
  /** The server's request id. */
  readonly correlationId: string | null;
  /** Id of the role assignment that allowed the request; `null` if the row does not state it. */
  readonly roleAssignment: string | null;
  readonly denial: 'rbac' | 'access-policy' | 'firewall' | 'disabled' | 'unauthenticated' | 'unknown' | null;
  /** Its source: `AZKVAuditLogs`, `AzureDiagnostics` or `archive`; all of them if it occurred twice. */
  readonly sources: readonly string[];
  /** When the log store received it; `null` if unknown. */
  readonly receivedAt: string | null;
  /** Set if status and `ResultSignature` contradict each other. The status decides the kind, and the report says so. */
  readonly statusDisagrees?: true;
}
