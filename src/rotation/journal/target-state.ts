import type { Person } from '../../provenance/person.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { RotationStep } from '../ports/rotation-steps.ts';
import { rotationOf } from '../rotation-id.ts';
import type {
  JournalAct,
  JournalEntry,
  MetCredential,
  Question,
  RotationClaim,
  VaultOperation,
  WaitReason,
} from './journal-entry.ts';
import type { Life } from './transitions.ts';

/** One credential of the target, as the journal knows it. */
export interface Credential {
  /** `<rotationId>.<attempt>` of the attempt that made it, or `seen.<version>`. */
  readonly key: string;
  readonly ours: boolean;
  readonly credentialId: string | null;
  readonly knownFrom: MetCredential['knownFrom'];
  /** Credentials that it may be, under another name. */
  readonly perhaps: readonly string[];
  readonly life: Life;
  /** Whether a version ever held it: what was never served has no readers to wait for. */
  readonly served: boolean;
  /** Since when no newest version holds it, by the vault's clock. */
  readonly idleSince: string | null;
  readonly endingSince: string | null;
  readonly endedAt: string | null;
  readonly shown: 'dead' | 'disabled-only' | 'cannot-be-shown' | null;
}

/** A request whose answer nobody saw, or that is under way. */
export interface InFlight {
  readonly number: number;
  readonly act: JournalAct;
  readonly credential: string | null;
  readonly member: string | null;
  readonly sendBefore: string;
  readonly notAfter: string;
}

/** A person's word that moves a rotation on, other than an approval or a go. */
export interface Ask {
  readonly what: 'request' | 'request-again' | 'roll-back';
  readonly by: Person;
  readonly at: string;
  /** In that person's words. */
  readonly reason: string | null;
}

/** One rotation: an attempt to replace what was in force, and what became of it. */
export interface Rotation {
  readonly claim: RotationClaim;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** The credential that the attempt makes. */
  readonly credential: string;
  /** The credential that was in force when it began; `null` for a secret that is created. */
  readonly from: string | null;
  readonly step: RotationStep;
  readonly published: ReadonlyMap<string, string>;
  readonly begunAt: string;
  readonly issuedAt: string | null;
  readonly verifiedAt: string | null;
  readonly publishedAt: string | null;
  /** Who asked for it, asked again, or rolled it back, oldest first: none of them approves it. */
  readonly asks: readonly Ask[];
  readonly rolledBack: { readonly at: string; readonly by: Person | null; readonly text: string } | null;
  /** When another publisher set a version over what it had published. */
  readonly replacedAt: string | null;
  readonly result: 'done' | 'superseded' | 'failed' | 'unbound' | null;
  readonly closedAt: string | null;
  /** The failure that ended it. */
  readonly failure: string | null;
  readonly reason: string | null;
}

export interface Failure {
  readonly code: string;
  readonly tries: number;
  readonly cycle: number;
  readonly retryAt: string;
  readonly spent: boolean;
  /** What the failure said of itself, for people. */
  readonly text: string | null;
}

export interface ApprovalGiven {
  readonly question: 'publish' | 'revoke';
  readonly credential: string;
  readonly by: Person;
  readonly breakGlass: boolean;
  readonly at: string;
  readonly text: string | null;
}

interface DeclineGiven {
  readonly question: Question;
  readonly credential: string;
  readonly by: Person;
  readonly at: string;
  readonly text: string;
}

export interface AskedQuestion {
  readonly at: string;
  readonly waitsFor: readonly WaitReason[];
  /** When a person said no; `null` while the question is open. */
  readonly declinedAt: string | null;
}

/** The state of a target: its journal, read from the first entry to the last. */
export interface TargetState {
  readonly target: string;
  readonly number: number;
  /** Digest of the newest entry; `null` for an empty journal. */
  readonly head: string | null;
  readonly lastAt: string | null;
  readonly bindings: readonly SecretBinding[];
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Which credential each version holds, by `vault/name@version`. */
  readonly holds: ReadonlyMap<string, string>;
  /** Versions that another publisher set, by `vault/name@version`. */
  readonly theirs: ReadonlySet<string>;
  /** Whether versions may have to be disabled: something was published, found or ended since that was last looked through. */
  readonly untidy: boolean;
  /** The newest version of each secret that the journal knows, by `vault/name`. */
  readonly current: ReadonlyMap<string, string>;
  /** The credential that the newest versions are to hold. */
  readonly desired: string | null;
  readonly desiredSince: string | null;
  /** When something was last set at the provider, or was to be: what is in force is tried after that. */
  readonly setAt: string | null;
  /** An intent without an outcome, while nobody else has written since. */
  readonly pending: JournalEntry | null;
  readonly heldBy: { readonly writer: string; readonly until: string } | null;
  readonly inFlight: readonly InFlight[];
  /** All rotations, oldest first. */
  readonly rotations: readonly Rotation[];
  /** Staging versions that are not known to be disabled, by version, with their credential. */
  readonly staged: ReadonlyMap<string, string>;
  /** Which credential each further place is known to hold, by `placeKey`. */
  readonly places: ReadonlyMap<string, string>;
  /** By `<act> <credential>`. */
  readonly failures: ReadonlyMap<string, Failure>;
  readonly questions: ReadonlyMap<string, AskedQuestion>;
  readonly approvals: readonly ApprovalGiven[];
  /** Every no, oldest first. The question itself says whether one counts now. */
  readonly declines: readonly DeclineGiven[];
  /** What the end of a credential waited for when that was last noted. */
  readonly waits: ReadonlyMap<string, { readonly at: string; readonly reasons: readonly WaitReason[] }>;
  /** What a person was called for, by `<act> <credential>`. */
  readonly calls: ReadonlyMap<string, { readonly code: string; readonly at: string }>;
  /** When another publisher set a value back that had been replaced. */
  readonly setBacks: readonly string[];
  /** When the journal was last rebuilt by observing; empty when it never was. */
  readonly rebuiltAt: string;
  readonly gone: boolean;
  /** When a person last asked for a first, or a next, attempt. */
  readonly askedAgainAt: string | null;
  readonly retiredAt: string | null;
  readonly ownReads: readonly VaultOperation[];
}

export function emptyState(target: string): TargetState {
  return {
    target,
    number: 0,
    head: null,
    lastAt: null,
    bindings: [],
    credentials: new Map(),
    holds: new Map(),
    theirs: new Set(),
    untidy: false,
    current: new Map(),
    desired: null,
    desiredSince: null,
    setAt: null,
    pending: null,
    heldBy: null,
    inFlight: [],
    rotations: [],
    staged: new Map(),
    places: new Map(),
    failures: new Map(),
    questions: new Map(),
    approvals: [],
    declines: [],
    waits: new Map(),
    calls: new Map(),
    setBacks: [],
    rebuiltAt: '',
    gone: false,
    askedAgainAt: null,
    retiredAt: null,
    ownReads: [],
  };
}

/** `vault/name@version`: how versions are named in `holds`. */
export function versionKey(member: string, version: string): string {
  return `${member}@${version}`;
}

/** A further place of a secret, by its position in the binding. */
export function placeKey(member: string, place: number): string {
  return `${member}#${String(place)}`;
}

/** The key under which failures, calls and questions about one act on one credential are kept. */
export function aboutKey(act: string, credential: string | null | undefined): string {
  return `${act} ${credential ?? ''}`;
}

const attemptActs: ReadonlySet<string> = new Set(['stage', 'issue', 'verify', 'publish']);

/** As `aboutKey`, but for an attempt's own acts by its rotation: the tries of one attempt count for the next. */
export function failureKey(act: string, credential: string | null | undefined): string {
  const isAttempt = attemptActs.has(act) && credential != null && !credential.startsWith('seen.');
  return aboutKey(act, isAttempt ? rotationOf(credential) : credential);
}

/** An open or declined question: put since the credential fell idle, and not approved yet. An approval counts for a day only. */
export function standingQuestion(
  { questions, credentials, approvals }: TargetState,
  question: Question,
  credential: string | null | undefined,
): AskedQuestion | null {
  const asked = questions.get(aboutKey(question, credential));
  if (asked === undefined || credential == null) return null;
  if (question === 'revoke' && asked.at < (credentials.get(credential)?.idleSince ?? '')) return null;
  const isAnswered = approvals.some(
    (one) => one.question === question && one.at >= asked.at && one.credential === credential,
  );
  return isAnswered ? null : asked;
}

/** The rotation that has not published everything and is not closed: at most one. */
export function openAttempt({ rotations }: TargetState): Rotation | null {
  const last = rotations.at(-1);
  return last !== undefined && last.result === null && last.step !== 'published' ? last : null;
}

/** The rotation of this id, the newest of several. */
export function rotationNamed({ rotations }: TargetState, rotationId: string): Rotation | undefined {
  return rotations.findLast(({ claim }) => claim.rotationId === rotationId);
}

/** The rotation that has published and is not over. */
export function inGrace({ rotations }: TargetState): Rotation | undefined {
  return rotations.findLast(({ result, step }) => result === null && step === 'published');
}

/** The credential that the newest version of a secret holds, as far as the journal knows. */
export function servedBy({ current, holds }: TargetState, member: string): string | null {
  const version = current.get(member);
  return version === undefined ? null : (holds.get(versionKey(member, version)) ?? null);
}

/** Whether a newest version holds the credential. */
export function isServed(state: TargetState, credential: string): boolean {
  return [...state.current.keys()].some((member) => servedBy(state, member) === credential);
}

/** Whether the credential may still work at the provider. */
export function isAlive({ life }: Pick<Credential, 'life'>): boolean {
  return life !== 'ended';
}

export function mayEndNext(life: Life): boolean {
  return life === 'idle' || life === 'ending';
}

/** Requests that may still arrive. */
export function mayArrive({ inFlight }: TargetState, now: Date): readonly InFlight[] {
  return inFlight.filter(({ notAfter }) => Date.parse(notAfter) >= now.getTime());
}
