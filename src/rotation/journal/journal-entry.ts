import type { Person } from '../../provenance/person.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { CredentialClass } from '../ports/rotation-steps.ts';

/** What an entry is about. Acts outside the journal have an intent before them and an outcome after them. */
export const journalActs = [
  'begin',
  'stage',
  'issue',
  'verify',
  'publish',
  'replicate',
  'repair',
  'end',
  'disable',
  'identify',
  'desire',
  'lose',
  'close',
  'ask',
  'approve',
  'decline',
  'go',
  'request',
  'wait',
  'call',
  'retire',
  'rebuild',
] as const;

export type JournalAct = (typeof journalActs)[number];
export type EntryKind = 'intent' | 'outcome' | 'note';

/** What may need another person's word before it is done. `go`: a secret's first rotation. */
export type Question = 'publish' | 'revoke' | 'go';

/** Why a rotation was begun, and on which terms: fixed by its `begin`. Durations in milliseconds. */
export interface RotationClaim {
  readonly rotationId: string;
  readonly trigger: 'event' | 'reconciler' | 'person';
  readonly askedBy: Person | null;
  readonly emergency: boolean;
  readonly issuer: string;
  readonly credentialClass: CredentialClass;
  readonly validityMs: number;
  readonly graceMs: number;
  readonly consumersLifetimeMs: number;
  /** The newest version of each secret when it began, by `vault/name`; `null` for a secret that is created. */
  readonly from: readonly { readonly member: string; readonly version: string | null }[];
}

/** What was found out about one version: which credential it holds, and whether a request of ours explains it. */
export interface FoundVersion {
  readonly member: string;
  readonly version: string;
  readonly credential: string;
  readonly by: 'ours' | 'theirs';
  /** Whether it was the newest of its secret. */
  readonly newest: boolean;
}

/** A credential that the journal meets: the one from before Keyturn's first pass, or one that another publisher set. */
export interface MetCredential {
  readonly key: string;
  readonly credentialId: string | null;
  /** Who says so. A tag alone is not enough to end a credential: whoever may set a secret may write it. */
  readonly knownFrom: 'provider' | 'tag' | 'nowhere';
  /** Keys of credentials that it may be: no enabled version held their value any more when it was met. */
  readonly perhaps?: readonly string[];
}

/** Why a credential may not end yet. Times in ISO 8601; `who` is a name from the log, never parsed. */
export interface WaitReason {
  readonly code: 'grace' | 'consumers' | 'log' | 'gap' | 'job' | 'read' | 'provider-use' | 'unknown-version' | 'in-use';
  readonly until?: string;
  readonly subject?: string;
  readonly who?: string;
  readonly count?: number;
}

/** One operation on a vault that the journal accounts for. */
export interface VaultOperation {
  readonly operation: 'SecretGet' | 'SecretSet' | 'SecretUpdate';
  readonly vault: string;
  readonly secret: string;
  readonly version: string | null;
  readonly at: string;
}

/** What an entry adds to what is known: names, ids, codes and times. Never a value, its hash or its length. */
export interface JournalFacts {
  readonly claim?: RotationClaim;
  /** The policy's word on each secret of the target, as it was when the rotation began: what left the policy goes by it. */
  readonly bindings?: readonly [SecretBinding, ...SecretBinding[]];
  /** Key of a credential: `<rotationId>.<attempt>`, or `seen.<version>` for one that was there. */
  readonly credential?: string;
  /** The credential of the next attempt. */
  readonly next?: string;
  readonly credentialId?: string;
  /** `vault/name`. */
  readonly member?: string;
  readonly version?: string;
  /** Position in `alsoPublish` of the member. */
  readonly place?: number;
  /** Number of the intent that an outcome answers. */
  readonly of?: number;
  /** On an intent: the request is not sent after this time, and cannot arrive after the other one. The vault's clock. */
  readonly sendBefore?: string;
  readonly notAfter?: string;
  /** The writer goes on at once, and others stay out until then: a value that only its memory holds would be lost. */
  readonly heldUntil?: string;
  readonly failure?: string;
  /** Tries in this cycle, and cycles, after the failure; `spent` when a person must look. */
  readonly tries?: number;
  readonly cycle?: number;
  readonly retryAt?: string;
  readonly spent?: boolean;
  readonly about?: JournalAct;
  readonly found?: readonly FoundVersion[];
  readonly met?: readonly MetCredential[];
  /** Credentials of ours that the provider lists and no entry knows. */
  readonly listed?: readonly { readonly key: string; readonly credentialId: string }[];
  readonly question?: Question;
  readonly waitsFor?: readonly WaitReason[];
  readonly approval?: { readonly question: 'publish' | 'revoke'; readonly by: Person; readonly breakGlass: boolean };
  readonly by?: Person;
  readonly emergency?: boolean;
  readonly rotationId?: string;
  readonly result?: 'done' | 'superseded' | 'failed' | 'unbound';
  readonly why?: LossReason | DesireReason;
  readonly shown?: 'dead' | 'disabled-only' | 'cannot-be-shown';
  readonly code?: string;
  /** Words of a person or a provider. Shown, never parsed. */
  readonly text?: string;
}

export type LossReason = 'value-lost' | 'answer-lost' | 'refused' | 'refused-by-policy' | 'staged-value-lost';
type DesireReason = 'roll-back' | 'not-taken';

/** One line of a target's history. */
export interface JournalEntry {
  readonly format: 1;
  /** Key of the credential target: names the journal. */
  readonly target: string;
  /** Position in the chain, from 1, without gaps. */
  readonly number: number;
  /** sha256 of the entry before in canonical JSON, hexadecimal; `null` for the first. */
  readonly previous: string | null;
  /** The worker that wrote it: a random name that no other worker has. */
  readonly writer: string;
  /** The vault's time. ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly kind: EntryKind;
  readonly act: JournalAct;
  readonly facts: JournalFacts;
  /** On an outcome or a note: done since the entry before. On an intent: about to be done, so that a crash leaves a trace. */
  readonly operations: readonly VaultOperation[];
}
