import type { RotationState } from './rotation-steps.ts';

/** What one rotation did, read from its journal: what evidence may know of it. */
export interface RotationHistory {
  /** `<rotationId>.<attempt>`: what the `rotation-id` tag says. */
  readonly rotationId: string;
  readonly vault: string;
  readonly secret: string;
  readonly issuer: string;
  readonly environment: string | null;
  /** What asked for it: an event, the reconciler, or a person. */
  readonly trigger: 'event' | 'reconciler' | 'person';
  readonly state: RotationState;
  readonly fromVersion: string;
  readonly publishedVersion: string | null;
  readonly claimedAt: string;
  readonly verifiedAt: string | null;
  readonly publishedAt: string | null;
  readonly revokedAt: string | null;
  readonly doneAt: string | null;
  /**
   * What the old value's end rests on: shown dead by a refused try, disabled in the vault only, or neither.
   * `in-grace`: its end is still to come; `in-force`: nothing was published in its place.
   */
  readonly oldValue: 'dead' | 'disabled-only' | 'cannot-be-shown' | 'in-grace' | 'in-force';
  /** The code of the newest failure, when the rotation waits or needs attention. */
  readonly failure: string | null;
  readonly approvals: readonly {
    readonly step: 'publish' | 'revoke';
    readonly by: string;
    readonly at: string;
    readonly breakGlass: boolean;
  }[];
  /** Digest of the newest entry of the hashed chain. */
  readonly head: string;
  /** The vault operations that the journal accounts for, so that the audit can tell our own reads and writes. */
  readonly operations: readonly {
    /** Short name: a staging vault may differ from the secret's. */
    readonly vault: string;
    readonly operation: 'SecretGet' | 'SecretSet' | 'SecretUpdate';
    /** The name of the secret, or of its staging secret. */
    readonly secret: string;
    readonly version: string | null;
    readonly at: string;
  }[];
}
