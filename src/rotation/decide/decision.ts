import type { Dueness } from './is-due.ts';
import type { CredentialClass } from '../ports/rotation-steps.ts';
import type { JournalAct, JournalFacts, WaitReason } from '../journal/journal-entry.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { Person } from '../../provenance/person.ts';
import type { RotationUnit } from '../rotation-unit.ts';
import type { SecretBinding } from '../../secrets/policy.ts';

/** One act on the world, or one note in the journal. Plain values: a worker that died leaves nothing else. */
export type Act =
  | { readonly act: 'identify' }
  | { readonly act: 'stage' | 'issue' | 'verify' | 'repair' | 'end'; readonly credential: string }
  | { readonly act: 'publish'; readonly credential: string; readonly member: string; readonly over: string | null }
  | { readonly act: 'replicate'; readonly credential: string; readonly member: string; readonly place: number }
  | { readonly act: 'disable'; readonly member: string; readonly version: string; readonly isStaging: boolean }
  | { readonly act: 'note'; readonly entry: JournalAct; readonly facts: JournalFacts };

export type ActOf<Name extends Act['act']> = Extract<Act, { readonly act: Name }>;
export type CredentialAct = Extract<Act, { readonly act: 'stage' | 'issue' | 'verify' | 'repair' | 'end' }>;

/** One more thing that must be seen before anything can be decided. It changes nothing. */
export type Look =
  | { readonly look: 'versions' | 'staging' | 'listed' | 'check' | 'pace' | 'earlier' }
  | { readonly look: 'staged' | 'described' | 'evidence'; readonly credential: string };

/** How a look is named in `unseen`. */
export function lookName(look: Look): string {
  return 'credential' in look ? `${look.look} ${look.credential}` : look.look;
}

/** `until`: by the vault's clock; `null` when only a person or the world can end it. */
export interface Wait {
  readonly until: Date | null;
  readonly why:
    | 'busy'
    | 'stopped'
    | 'clock'
    | 'retry'
    | 'in-flight'
    | 'approval'
    | 'go'
    | 'in-use'
    | 'mode'
    | 'window'
    | 'paced'
    | 'earlier-environment'
    | 'rest-after-roll-back'
    | 'propagation'
    | 'unseen';
  readonly about: JournalAct;
  readonly credential: string | null;
  /** With `earlier-environment`: what comes first. */
  readonly earlier?: EarlierInTheWay;
}

/** A secret of an earlier environment that comes first, and why it does. */
export interface EarlierInTheWay {
  /** `vault/name`, or `group:<name>`. */
  readonly unit: string;
  readonly environment: string;
  /** `due`: not begun; `unfinished`: its new value is not published; `failed`: it has stopped or was rolled back. */
  readonly because: 'due' | 'unfinished' | 'failed';
}

/** What a person must see to. */
export interface Call {
  readonly code: string;
  readonly about: JournalAct;
  readonly credential: string | null;
}

export type Decision =
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'look'; readonly look: Look }
  | { readonly kind: 'rest'; readonly waits: readonly Wait[]; readonly calls: readonly Call[] };

/** What one rule says: nothing, an act or a look that comes first, or what holds its own act back. */
export type Ruling =
  | null
  | { readonly act: Act }
  | { readonly look: Look }
  | { readonly wait: Wait }
  | { readonly call: Call };

/** What was seen of the world, by the vault's clock. */
export interface Observation {
  readonly now: Date;
  /** Whether our clock and the vault's agree. */
  readonly clocksAgree: boolean;
  /** By `vault/name`; `null` where the vault has no such secret. */
  readonly newest: ReadonlyMap<string, SecretVersion | null>;
  /** The journal knows less than it did: it was set back, and nothing ends before what is there was looked at. */
  readonly setBack: boolean;
  /** Credentials whose value this worker has in memory. */
  readonly remembered: ReadonlySet<string>;
  readonly writer: string;
  /** When the value in force was last shown to work; `null` when never. */
  readonly checkedAt: Date | null;
  readonly seen: Seen;
}

/** What was looked at in this round, on demand. */
export interface Seen {
  /** What could not be looked at, by `lookName`: that is never the same as having seen nothing. */
  readonly unseen?: ReadonlySet<string>;
  readonly versions?: ReadonlyMap<string, readonly SecretVersion[]>;
  /** Staging versions that are enabled, newest first. */
  readonly staging?: readonly SecretVersion[];
  /** The staged version of a credential whose seal holds; `null` when there is none. */
  readonly staged?: ReadonlyMap<string, { readonly version: string; readonly credentialId: string } | null>;
  readonly described?: ReadonlyMap<string, { readonly credentialId: string } | null>;
  readonly listed?: readonly { readonly key: string; readonly credentialId: string }[];
  /** `differs`: the provider lets the value in, with other rights than the target's. Such a value is not dead. */
  readonly check?: 'works' | 'refused' | 'differs' | 'not-yet' | 'unreadable';
  readonly evidence?: ReadonlyMap<string, readonly WaitReason[]>;
  /** Until when the whole's limit of rotations an hour holds; `null` when it does not. */
  readonly pace?: Date | null;
  /** The secret of an earlier environment that comes first; `null` when none does. */
  readonly earlier?: EarlierInTheWay | null;
}

/** What the policy and the settings say of one target now. */
export interface Terms {
  readonly issuer: string;
  readonly credentialClass: CredentialClass;
  /** Of the policy, or of the journal where the policy no longer binds the target. Ascending by `vault/name`. */
  readonly bindings: readonly [SecretBinding, ...SecretBinding[]];
  readonly bound: boolean;
  /** The kill switch is on. */
  readonly stopped: boolean;
  readonly dueness: Dueness;
  /** The id of the rotation away from the versions that are newest now. */
  readonly rotationId: string;
  readonly mode: 'automatic' | 'by-hand' | 'off';
  /** Whether a first rotation waits for a person's go. */
  readonly needsGo: boolean;
  /** The same secret in environments that come before this one's. */
  readonly earlier: readonly RotationUnit[];
  /** From when on the policy's windows are open; `null` when they are open now. */
  readonly windowFrom: Date | null;
  readonly trigger: 'event' | 'reconciler';
  readonly checkMs: number;
  /** A person's wish for a rotation, which waits for no expiry; `null` when there is none. */
  readonly wish: Wish | null;
}

/** Who wants a rotation, and why. */
export interface Wish {
  readonly by: Person;
  /** The value has leaked: no minimum age, no grace. */
  readonly emergency: boolean;
  /** In that person's words. */
  readonly text: string;
  /** A secret that does not exist yet gets its first version. */
  readonly create: boolean;
}
