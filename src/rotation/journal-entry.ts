import type { Person } from '../provenance/person.ts';
import type { CredentialClass, RotationState, RotationStep } from './history/rotation-steps.ts';

/** What an entry is about. An act outside the journal has an intent before it and an outcome behind it. */
export const rotationActs = [
  'claim',
  'issue',
  'stage',
  'verify',
  'publish',
  'settle',
  'revoke',
  'disable',
  'finish',
  'withdraw',
  'wait',
  'ask',
  'approve',
  'postpone',
  'adopt',
  'sweep',
  'resume',
  'roll-back',
  'freeze',
  'rebuild',
] as const;

export type RotationAct = (typeof rotationActs)[number];

/** One secret of a rotation, as it stood when it was claimed. */
export interface ClaimedMember {
  readonly vault: string;
  readonly secret: string;
  readonly fromVersion: string;
  /** The `CredentialId` of that version, or `null`. */
  readonly fromCredentialId: string | null;
  /** Who says so. What a tag alone says is not enough to end a credential: whoever may set a secret may write it. */
  readonly knownFrom: 'journal' | 'tag' | 'nowhere';
}

/** What a rotation was begun for: fixed by its first entry. Durations in milliseconds. */
export interface RotationClaim {
  readonly unit: string;
  readonly members: readonly [ClaimedMember, ...ClaimedMember[]];
  readonly issuer: string;
  readonly credentialClass: CredentialClass;
  /** The target that work is serialised on; a policy that names another target meanwhile stops the rotation. */
  readonly targetKey: string;
  readonly environment: string | null;
  readonly trigger: 'event' | 'reconciler' | 'person';
  readonly reason: string | null;
  readonly askedBy: Person | null;
  readonly emergency: boolean;
  readonly validityMs: number;
  readonly graceMs: number;
  readonly consumersLifetimeMs: number;
}

/** One operation on a vault that the journal accounts for. */
export interface VaultOperation {
  readonly operation: 'SecretGet' | 'SecretSet' | 'SecretUpdate';
  readonly vault: string;
  readonly secret: string;
  readonly version: string | null;
  readonly at: string;
}

export interface Approval {
  readonly step: 'publish' | 'revoke';
  readonly by: Person;
  readonly at: string;
  readonly breakGlass: boolean;
}

/** What an entry adds to what is known. Names, ids, codes and times: never a value, its hash or its length. */
export interface RotationFacts {
  readonly claim?: RotationClaim;
  /** `vault/name` of the member that a publication or a disabling is about. */
  readonly member?: string;
  readonly credentialId?: string;
  readonly stagingVersion?: string;
  readonly publishedVersion?: string;
  readonly failure?: string;
  /** Tries in this cycle, and cycles, behind the failure. */
  readonly tries?: number;
  readonly cycle?: number;
  readonly retryAt?: string;
  readonly graceUntil?: string;
  readonly approval?: Approval;
  /** Why a revocation waits, why something was refused, who superseded: codes, names and ids. */
  readonly reasons?: readonly string[];
  readonly oldValue?: 'dead' | 'disabled-only' | 'cannot-be-shown';
  /** On `superseded` and `rolled-back`: nothing is left to do. What somebody may have published again stays alive. */
  readonly withdrawn?: boolean;
}

/** One line of a rotation's history. */
export interface JournalEntry {
  readonly format: 1;
  readonly rotationId: string;
  /** From 1. The attempt that is under way after this entry. */
  readonly attempt: number;
  /** Position in this rotation's chain, from 1, without gaps. */
  readonly number: number;
  /** sha256 of the entry before in canonical JSON, hexadecimal; `null` for the first. */
  readonly previous: string | null;
  /** The fence of the lease that the writer held; never falls along the chain. */
  readonly fence: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly kind: 'intent' | 'outcome';
  readonly act: RotationAct;
  /** The last step that is done. */
  readonly step: RotationStep;
  /** Where the rotation rests: the step, or an aside. */
  readonly state: RotationState;
  readonly facts: RotationFacts;
  /** On an outcome: done since the entry before. On an intent: about to be done, so that a crash leaves a trace. */
  readonly operations: readonly VaultOperation[];
}
