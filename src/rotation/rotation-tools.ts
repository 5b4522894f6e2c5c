import type { RotationState, RotationStep } from './ports/rotation-steps.ts';
import type { Trace } from '../log/trace.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { CredentialIssuer } from './ports/credential-issuer.ts';
import type { PublicationPlace } from './ports/publication-place.ts';
import type { TargetJournal } from './journal/target-journal.ts';
import type { VaultOperation } from './journal/journal-entry.ts';
import type { IssuedCredential } from './ports/credential-issuer.ts';
import type { RefusalTally } from './events/tally-refusals.ts';
import type { SecretStore, SecretVersion } from './ports/secret-store.ts';
import type { VersionReadersPort } from './ports/version-readers.ts';

/** Everything a rotation touches, as one named object: composed by the host, replaced by a simulated world in tests. */
export interface RotationTools {
  /** Journals, their index, pacing and event records live here. */
  readonly records: RecordStore;
  /** One store a vault, by the vault's short name; the staging vault among them. */
  readonly stores: ReadonlyMap<string, SecretStore>;
  /** The vaults that may be rotated in. A staging vault of its own is not among them. */
  readonly vaults: readonly Vault[];
  /** The one in force now: of two questions the second may see another. A copy of the tools keeps the one of its time. */
  readonly policy: Policy;
  /** By the issuer's name. */
  readonly issuers: ReadonlyMap<string, CredentialIssuer>;
  /** By kind. */
  readonly places: ReadonlyMap<string, PublicationPlace>;
  readonly readers: VersionReadersPort;
  readonly staging: {
    /** Short name of the vault that pending values wait in; `null`: beside the secret itself. */
    readonly vault: string | null;
    /** The key of the staging seal, at least 32 random bytes as text; read when it is needed. */
    readonly key: () => Promise<SecretValue>;
  };
  /** What this process remembers between two drives; nothing of it is needed to go on. */
  readonly memory: RotationMemory;
  /**
   * Writes down reads of values before they are made: a worker may die before its journal tells of them, or find nothing to do.
   * If it fails, nothing is read.
   */
  readonly accountFor: (reads: readonly VaultOperation[]) => Promise<void>;
  /** While it says true, nothing is claimed and no rotation takes a step. */
  readonly killSwitch: () => Promise<boolean>;
  readonly now: () => Date;
  /** A clock that is never set, in milliseconds: the time of a pass is measured on it. */
  readonly monotonicMs: () => number;
  /** From 0 up to, not including, 1: spreads retries. */
  readonly random: () => number;
  /** A new name that nobody else has: of this worker. */
  readonly newId: () => string;
  /** A signal that aborts after so many milliseconds. `AbortSignal.timeout` in production. */
  readonly abortAfter: (milliseconds: number) => AbortSignal;
  /** Lets time pass, so that a pass outlasts a vault's limit. Left out: what a vault refused is left to the next pass. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Times each act; left out: nothing is timed. */
  readonly trace?: Trace;
  /** Says what is done, as it is done. Names, ids and codes only. */
  readonly log?: (event: RotationEvent) => void;
}

/** Journals as they were read, by target, and credentials that only this memory holds, by their key. */
export interface RotationMemory {
  readonly journals: Map<string, TargetJournal>;
  readonly credentials: Map<string, IssuedCredential>;
  /** The newest version of each secret as the last pass listed them, by `vault/name`; `null` before the first pass. */
  listed: ReadonlyMap<string, SecretVersion> | null;
  /** The target that a pass took up last: the next one begins after it. */
  lastTarget: string;
  /** Refused events of this minute, by the record that counts them. */
  readonly refusals: Map<string, RefusalTally>;
}

export function emptyMemory(): RotationMemory {
  return { journals: new Map(), credentials: new Map(), listed: null, lastTarget: '', refusals: new Map() };
}

/** One line for a person who watches. */
export interface RotationEvent {
  readonly rotationId: string;
  readonly vault: string;
  readonly secret: string;
  readonly state: RotationState;
  /** The last step that is done; where the rotation goes on from. */
  readonly step: RotationStep;
  /** The code of the newest failure, and when the step is tried again. */
  readonly failure: string | null;
  readonly retryAt: Date | null;
}
