import type { Person } from '../../provenance/person.ts';
import type { Question, RotationClaim, VaultOperation } from '../journal/journal-entry.ts';
import type { Ask } from '../journal/target-state.ts';
import type { RotationState } from '../ports/rotation-steps.ts';

/** One time that a rotation left its course. */
export interface RotationStop {
  /** `<rotationId>.<attempt>` at that time: asked for again, a rotation goes on as its next attempt. */
  readonly rotationId: string;
  readonly state: 'needs-attention' | 'superseded' | 'rolled-back' | 'abandoned';
  readonly at: string;
  /** The code of its failure; `null` if there is none. */
  readonly failure: string | null;
  /** When it went on, and the state that it came to; `null` while it has not. */
  readonly ended: { readonly at: string; readonly state: RotationState } | null;
}

/** What one rotation did to one secret, as it can be told from its target's present state. */
export interface RotationSummary extends Pick<RotationClaim, 'trigger' | 'askedBy' | 'emergency'> {
  /** `<rotationId>.<attempt>`: what the `rotation-id` tag says. */
  readonly rotationId: string;
  readonly vault: string;
  readonly secret: string;
  readonly environment: string | null;
  /** Why a person asked, in that person's words. */
  readonly reason: string | null;
  /** Every person who asked for it, asked again or rolled it back, oldest first: none of them may approve it. */
  readonly asks: readonly Ask[];
  readonly state: RotationState;
  /** The version that it replaces; empty if it creates the secret. */
  readonly fromVersion: string;
  readonly publishedVersion: string | null;
  readonly claimedAt: string;
  readonly publishedAt: string | null;
  /** `never`: it has ended without. */
  readonly publication: 'published' | 'not-yet' | 'never';
  /**
   * What the old value's end rests on: shown dead by a refused try, disabled in the vault only, or neither.
   * `in-grace`: its end is still to come; `in-force`: nothing was published in its place; `in-force-again`: rolled back, its
   * value is in force as a new version; `none`: the secret was created; `perhaps-replaced`: the provider was given a new password
   * that is not published, and may know no other.
   */
  readonly oldValue:
    | 'dead'
    | 'disabled-only'
    | 'cannot-be-shown'
    | 'in-grace'
    | 'in-force'
    | 'in-force-again'
    | 'none'
    | 'perhaps-replaced';
  /**
   * What became of the value that this rotation issued. `in-grace`, `withdrawn`: it was rolled back, or another publisher set the
   * secret, and it ends, or has ended.
   */
  readonly newValue: 'not-published' | 'in-force' | 'in-grace' | 'withdrawn';
  /** What a reader must know of a rotation that did not go the ordinary way, in sentences; else `null`. */
  readonly note: string | null;
  /** The code of the newest failure, when the rotation waits or needs attention. */
  readonly failure: string | null;
  readonly approvals: readonly {
    readonly step: 'publish' | 'revoke';
    readonly by: Person;
    readonly at: string;
    readonly breakGlass: boolean;
    /** In the words of whoever approved. */
    readonly reason: string | null;
  }[];
  /** Every no of a person, oldest first. `go`: a first rotation that was not let go. */
  readonly declines: readonly {
    readonly step: Question;
    readonly by: Person;
    readonly at: string;
    readonly reason: string;
  }[];
}

/** What one rotation did, read from its journal: what evidence may know of it. */
export interface RotationHistory extends RotationSummary, Pick<RotationClaim, 'issuer' | 'graceMs'> {
  /** When it came to its state. */
  readonly stateSince: string;
  /**
   * Every time that it stopped, went wrong or was rolled back, oldest first, those that were repaired since among them.
   * Absent where only the present state was asked for.
   */
  readonly stops?: readonly RotationStop[];
  /** When the old value was published again, `by: reason`, and from when on the new one ends; `null` when it was not. */
  readonly rolledBack: { readonly at: string; readonly says: string; readonly newEndsFrom: string } | null;
  readonly verifiedAt: string | null;
  readonly revokedAt: string | null;
  readonly doneAt: string | null;
  /** Further places to which the policy publishes the value: `kind` and where, and when it was given there. */
  readonly places: readonly { readonly place: string; readonly givenAt: string | null }[];
  /** Digest of the newest entry of the hashed chain. */
  readonly head: string;
  /** The vault operations that the journal accounts for, so that the audit can tell our own reads and writes. */
  readonly operations: readonly VaultOperation[];
}
