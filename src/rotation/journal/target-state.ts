import type { Person } from '../../provenance/person.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { RotationStep } from '../history/rotation-steps.ts';
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
  /** Who asked for it, asked again, or rolled it back: none of them approves it. */
  readonly askers: readonly Person[];
  readonly rolledBack: { readonly at: string; readonly by: Person | null; readonly text: string } | null;
  /** When somebody else published over what it had published. */
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

export interface AskedQuestion {
  readonly at: string;
  readonly waitsFor: readonly WaitReason[];
}

/** Where a target stands: its journal, read from the first entry to the last. */
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
  /** Versions that somebody else published, by `vault/name@version`. */
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
  /** Which credential each further place was given, by `vault/name#position`. */
  readonly places: ReadonlyMap<string, string>;
  /** By `<act> <credential>`. */
  readonly failures: ReadonlyMap<string, Failure>;
  readonly questions: ReadonlyMap<string, AskedQuestion>;
  readonly approvals: readonly ApprovalGiven[];
  /** What the end of a credential waited for when that was last noted. */
  readonly waits: ReadonlyMap<string, { readonly at: string; readonly reasons: readonly WaitReason[] }>;
  /** What a person was called for, by `<act> <credential>`. */
  readonly calls: ReadonlyMap<string, { readonly code: string; readonly at: string }>;
  /** When somebody set a value back that had been replaced. */
  readonly setBacks: readonly string[];
  /** When the journal was last rebuilt by observing; empty when it never was. */
  readonly rebuiltAt: string;
  readonly gone: boolean;
  /** Since when a person's request for a first, or a next, attempt stands. */
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

/** The key under which failures, calls and questions about one act on one credential are kept. */
export function aboutKey(act: string, credential: string | null | undefined): string {
  return `${act} ${credential ?? ''}`;
}

const attemptActs: ReadonlySet<string> = new Set(['stage', 'issue', 'verify', 'publish']);

/** As `aboutKey`, but for an attempt's own acts by its rotation: the tries of one attempt count for the next. */
export function failureKey(act: string, credential: string | null | undefined): string {
  const isAttempt = attemptActs.has(act) && credential != null && !credential.startsWith('seen.');
  return aboutKey(act, isAttempt ? credential.slice(0, credential.lastIndexOf('.')) : credential);
}

/** A question that still stands: put since the credential fell idle, and not answered yet. An answer counts for a day only. */
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

/** Requests that may still arrive. */
export function mayArrive({ inFlight }: TargetState, now: Date): readonly InFlight[] {
  return inFlight.filter(({ notAfter }) => Date.parse(notAfter) >= now.getTime());
}

/** One entry further. `head`: the entry's digest. The entry was checked: see `checkTransition`. */
export function withEntry(before: TargetState, entry: JournalEntry, head: string): TargetState {
  const read = entry.kind === 'intent' ? [] : entry.operations.filter(({ operation }) => operation === 'SecretGet');
  const written = {
    ...before,
    number: entry.number,
    head,
    lastAt: entry.at,
    ownReads: read.length === 0 ? before.ownReads : [...before.ownReads, ...read],
    heldBy: heldBy(entry),
  };
  if (entry.kind === 'intent') return withIntent(written, entry);
  const settled = entry.kind === 'outcome' ? withAnswer(written, entry) : { ...written, pending: null };
  if (entry.facts.failure !== undefined && entry.act !== 'wait') return withFailure(settled, entry);
  return appliers[entry.act](entry.kind === 'outcome' ? withSuccess(settled, entry) : settled, entry);
}

function heldBy({ kind, writer, facts }: JournalEntry): TargetState['heldBy'] {
  const until = kind === 'intent' ? facts.sendBefore : facts.heldUntil;
  return until === undefined ? null : { writer, until };
}

function withIntent(state: TargetState, entry: JournalEntry): TargetState {
  const { act, number, facts } = entry;
  const { credential = null, member = null, sendBefore = entry.at, notAfter = entry.at } = facts;
  const request = { number, act, credential, member, sendBefore, notAfter };
  const sets = act === 'issue' || act === 'repair' || act === 'end';
  const sent = {
    ...state,
    pending: entry,
    setAt: sets ? entry.at : state.setAt,
    inFlight: [...state.inFlight.filter(isRecent(state, entry.at)), request],
  };
  if (act === 'publish' && credential !== null) {
    // From the intent on: a lost answer must never bring the old value back.
    const desired = state.desired === credential ? state : { ...state, desired: credential, desiredSince: entry.at };
    return { ...sent, desired: desired.desired, desiredSince: desired.desiredSince };
  }
  if (act === 'end' && credential !== null) {
    return change(sent, credential, ({ endingSince }) => ({
      life: 'ending',
      endingSince: endingSince ?? entry.at,
      ...(facts.credentialId === undefined ? {} : { credentialId: facts.credentialId }),
    }));
  }
  return sent;
}

/** What can no longer arrive is forgotten a day later; what the open attempt has sent decides its next step as long as it is open. */
function isRecent(state: TargetState, at: string): (one: InFlight) => boolean {
  const attempt = openAttempt(state)?.credential;
  return ({ notAfter, credential }) => credential === attempt || Date.parse(notAfter) >= Date.parse(at) - 86_400_000;
}

function withAnswer(state: TargetState, { facts }: JournalEntry): TargetState {
  const answered = state.inFlight.filter(({ number }) => number !== facts.of);
  return { ...state, pending: null, inFlight: isUnclear(facts) ? state.inFlight : answered };
}

/** An outcome says by `notAfter` that its request may still arrive. */
function isUnclear({ notAfter }: JournalEntry['facts']): boolean {
  return notAfter !== undefined;
}

function withFailure(state: TargetState, { act, at, facts }: JournalEntry): TargetState {
  const { failure = '', tries = 0, cycle = 0, retryAt = at, spent = false, credential = null } = facts;
  const failures = new Map(state.failures).set(failureKey(facts.about ?? act, credential), {
    code: failure,
    tries,
    cycle,
    retryAt,
    spent,
    text: facts.text ?? null,
  });
  const failed = act === 'end' ? unsent({ ...state, failures }, facts) : { ...state, failures };
  // What was refused when it was tried is set, or renewed, once more.
  if (act !== 'verify' || failure !== 'CREDENTIAL_REFUSED') return failed;
  return withRotation(failed, credential, ({ claim }) => ({
    step: claim.credentialClass === 'chosen' ? 'staged' : 'claimed',
  }));
}

/** A request to end that was never sent ends nothing: what speaks for the credential's use is asked for again. */
function unsent(state: TargetState, { failure, credential = '' }: JournalEntry['facts']): TargetState {
  if (failure !== 'NEWEST_VERSION_CHANGED' && failure !== 'LEASE_ENDED') return state;
  if (state.inFlight.some((one) => one.act === 'end' && one.credential === credential)) return state;
  return change(state, credential, ({ life }) => (life === 'ending' ? { life: 'idle', endingSince: null } : {}));
}

function withSuccess(state: TargetState, { act, facts }: JournalEntry): TargetState {
  const key = failureKey(act, facts.credential);
  const called = aboutKey(act, facts.credential);
  if (!state.failures.has(key) && !state.calls.has(called)) return state;
  const failures = new Map(state.failures);
  failures.delete(key);
  const calls = new Map(state.calls);
  calls.delete(called);
  return { ...state, failures, calls };
}

type Applier = (state: TargetState, entry: JournalEntry) => TargetState;

const appliers: Readonly<Record<JournalAct, Applier>> = {
  begin: (state, { at, facts: { claim, bindings = [], credential = '', text = null } }) => {
    if (claim === undefined) return state;
    const rotation = { ...begun(claim, credential, state.desired, at), reason: text };
    // One that failed and is asked for again goes on under its id.
    const others = state.rotations.filter(
      (one) => one.claim.rotationId !== claim.rotationId || one.step === 'published',
    );
    return {
      ...withCredential(state, fresh(credential, true)),
      bindings,
      rotations: [...others, rotation],
      failures: new Map(),
      calls: new Map(),
      askedAgainAt: null,
    };
  },
  stage: (state, { facts: { credential = '', version } }) => ({
    ...withRotation(state, credential, () => ({ step: 'staged' })),
    staged: version === undefined ? state.staged : new Map(state.staged).set(version, credential),
  }),
  issue: (state, { at, facts: { credential = '', credentialId } }) =>
    withRotation(
      change(state, credential, () => ({ life: 'made', ...(credentialId === undefined ? {} : { credentialId }) })),
      credential,
      () => ({ step: 'issued', issuedAt: at }),
    ),
  verify: (state, { at, facts: { credential = '' } }) =>
    withRotation(
      change(state, credential, () => ({ life: 'verified' })),
      credential,
      () => ({ step: 'verified', verifiedAt: at }),
    ),
  publish: (state, { at, facts: { credential = '', member = '', version = '' } }) =>
    served(state, [{ member, version, credential }], at),
  replicate: (state, { facts: { credential = '', member = '', place = 0 } }) => ({
    ...state,
    places: new Map(state.places).set(`${member}#${String(place)}`, credential),
  }),
  repair: (state, { at, facts: { credential = '', credentialId } }) =>
    change(state, credential, () => ({
      life: isServed(state, credential) ? 'serving' : 'idle',
      idleSince: isServed(state, credential) ? null : at,
      endingSince: null,
      endedAt: null,
      shown: null,
      ...(credentialId === undefined ? {} : { credentialId }),
    })),
  end: (state, { at, facts: { credential = '', shown = 'cannot-be-shown' } }) => ({
    ...change(state, credential, () => ({ life: 'ended', endedAt: at, shown })),
    untidy: true,
  }),
  disable: (state, { facts: { version = '' } }) => {
    if (!state.staged.has(version)) return state;
    const staged = new Map(state.staged);
    staged.delete(version);
    return { ...state, staged };
  },
  identify: (state, { at, facts: { found = [], met = [], listed = [] } }) =>
    withFound(state, { found, met, listed }, at),
  desire: (state, { at, facts: { credential = '', why, by = null, text = '', rotationId } }) => {
    const rolledBack = why === 'roll-back' ? { at, by, text } : null;
    // Whoever rolls back means what is served now, whoever has set it.
    const newest = new Set([...state.current].map(([member, version]) => versionKey(member, version)));
    return {
      ...state,
      theirs: new Set([...state.theirs].filter((key) => !newest.has(key))),
      desired: credential,
      desiredSince: at,
      rotations: state.rotations.map((one) =>
        one.claim.rotationId === rotationId
          ? { ...one, rolledBack, askers: by === null ? one.askers : [...one.askers, by] }
          : one,
      ),
    };
  },
  lose: (state, { at, facts: { credential = '', next } }) => {
    const idle = change(state, credential, () => ({ life: 'idle', idleSince: at }));
    const from = openAttempt(state)?.from ?? null;
    const lost = idle.desired === credential ? { ...idle, desired: from, desiredSince: at } : idle;
    if (next === undefined) return lost;
    return {
      ...withCredential(lost, fresh(next, true)),
      rotations: lost.rotations.map((one) =>
        one.credential === credential
          ? { ...one, credential: next, attempt: attemptOf(next), step: 'claimed', issuedAt: null, verifiedAt: null }
          : one,
      ),
    };
  },
  close: (state, { at, facts: { rotationId, result = 'done', code = null } }) => {
    const closing = state.rotations.find((one) => one.claim.rotationId === rotationId && one.result === null);
    const rotations = state.rotations.map((one) =>
      one === closing ? { ...one, result, closedAt: at, failure: code } : one,
    );
    const closed = { ...state, rotations, untidy: result === 'done' ? false : state.untidy };
    if (closing === undefined || closing.step === 'published') return closed;
    const { credential } = closing;
    const left = change(closed, credential, ({ life }) =>
      life === 'intended' || life === 'made' || life === 'verified' ? { life: 'idle', idleSince: at } : {},
    );
    if (state.desired !== credential || isServed(left, credential)) return left;
    return { ...left, desired: closing.from, desiredSince: at };
  },
  ask: (state, { at, facts: { question = 'publish', credential, waitsFor = [] } }) => ({
    ...state,
    questions: new Map(state.questions).set(aboutKey(question, credential), {
      at: standingQuestion(state, question, credential)?.at ?? at,
      waitsFor,
    }),
  }),
  approve: (state, { at, facts: { approval, credential = '', text = null } }) =>
    approval === undefined
      ? state
      : { ...state, approvals: [...state.approvals, { ...approval, credential, at, text }] },
  go: (state) => ({ ...state, gone: true }),
  request: (state, { at, facts: { by } }) => ({
    ...state,
    rotations: state.rotations.map((one) =>
      one.result === null && by !== undefined ? { ...one, askers: [...one.askers, by] } : one,
    ),
    failures: new Map(),
    calls: new Map(),
    questions: withoutQuestion(state, 'publish'),
    setBacks: [],
    askedAgainAt: at,
    gone: true,
  }),
  wait: (state, entry) => {
    const { facts, at } = entry;
    if (facts.failure !== undefined) return withFailure(state, entry);
    if (facts.credential === undefined) return state;
    return { ...state, waits: new Map(state.waits).set(facts.credential, { at, reasons: facts.waitsFor ?? [] }) };
  },
  call: (state, { at, facts: { code = '', about = 'wait', credential } }) => ({
    ...state,
    calls: new Map(state.calls).set(aboutKey(about, credential), { code, at }),
  }),
  retire: (state, { at, facts: { bindings = [] } }) => ({ ...state, bindings, retiredAt: at }),
  rebuild: (state, { at, facts: { found = [], met = [], listed = [], bindings = [], claim, credential } }) =>
    rebuilt(withFound({ ...state, bindings, rebuiltAt: at }, { found, met, listed }, at), claim, credential, at),
};

/** The rotation that the tags speak of goes on at its publication, and every grace begins again: nobody knows when it began. */
function rebuilt(
  state: TargetState,
  claim: RotationClaim | undefined,
  credential: string | undefined,
  at: string,
): TargetState {
  let again = state;
  for (const [key, { life }] of state.credentials) if (mayEndNext(life)) again = change(again, key, () => idleFrom(at));
  if (claim === undefined || credential === undefined) return again;
  const [first] = claim.from;
  const from = first?.version == null ? null : (state.holds.get(versionKey(first.member, first.version)) ?? null);
  const rotation: Rotation = {
    ...begun(claim, credential, from, at),
    step: 'published',
    published: new Map([...state.current].filter(([member]) => servedBy(state, member) === credential)),
    publishedAt: at,
  };
  return { ...again, rotations: [...again.rotations, rotation] };
}

function begun(claim: RotationClaim, credential: string, from: string | null, at: string): Rotation {
  return {
    claim,
    attempt: attemptOf(credential),
    credential,
    from,
    step: 'claimed',
    published: new Map(),
    begunAt: at,
    issuedAt: null,
    verifiedAt: null,
    publishedAt: null,
    askers: claim.askedBy === null ? [] : [claim.askedBy],
    rolledBack: null,
    replacedAt: null,
    result: null,
    closedAt: null,
    failure: null,
    reason: null,
  };
}

function withoutQuestion({ questions }: TargetState, question: Question): TargetState['questions'] {
  return new Map([...questions].filter(([key]) => !key.startsWith(`${question} `)));
}

/** The attempt's number in `<rotationId>.<attempt>`. */
export function attemptOf(credential: string): number {
  return Number(credential.slice(credential.lastIndexOf('.') + 1));
}

function fresh(key: string, ours: boolean): Credential {
  return {
    key,
    ours,
    credentialId: null,
    knownFrom: ours ? 'provider' : 'nowhere',
    life: ours ? 'intended' : 'idle',
    served: false,
    idleSince: null,
    endingSince: null,
    endedAt: null,
    shown: null,
  };
}

function withCredential(state: TargetState, credential: Credential): TargetState {
  return { ...state, credentials: new Map(state.credentials).set(credential.key, credential) };
}

function change(state: TargetState, key: string, to: (credential: Credential) => Partial<Credential>): TargetState {
  const known = state.credentials.get(key);
  return known === undefined ? state : withCredential(state, { ...known, ...to(known) });
}

function withRotation(
  state: TargetState,
  credential: string | null,
  to: (rotation: Rotation) => Partial<Rotation>,
): TargetState {
  const open = openAttempt(state);
  if (open === null || open.credential !== credential) return state;
  return { ...state, rotations: state.rotations.map((one) => (one === open ? { ...one, ...to(one) } : one)) };
}

function mayEndNext(life: Life): boolean {
  return life === 'idle' || life === 'ending';
}

function idleFrom(at: string): Pick<Credential, 'life' | 'idleSince' | 'endingSince'> {
  return { life: 'idle', idleSince: at, endingSince: null };
}

interface NewVersion {
  readonly member: string;
  readonly version: string;
  readonly credential: string;
}

/** These versions are the newest now: what they hold is served, and what no newest version holds any more is idle. */
function served(before: TargetState, versions: readonly NewVersion[], at: string): TargetState {
  const holds = new Map(before.holds);
  const current = new Map(before.current);
  for (const { member, version, credential } of versions) {
    holds.set(versionKey(member, version), credential);
    current.set(member, version);
  }
  let state: TargetState = { ...before, holds, current };
  for (const { credential } of versions) state = change(state, credential, () => ({ served: true }));
  for (const [key, { life }] of state.credentials) {
    const isNow = isServed(state, key);
    // What has ended, or was to end, and is served again is in force; whether it still works is for a check to show.
    if (isNow && life !== 'serving')
      state = change(state, key, () => ({
        life: 'serving',
        idleSince: null,
        endingSince: null,
        endedAt: null,
        shown: null,
      }));
    if (!isNow && life === 'serving') state = change(state, key, () => ({ life: 'idle', idleSince: at }));
  }
  return { ...state, untidy: true, rotations: state.rotations.map((one) => published(one, versions, at)) };
}

function published(rotation: Rotation, versions: readonly NewVersion[], at: string): Rotation {
  const ours = versions.filter(({ credential }) => credential === rotation.credential);
  if (ours.length === 0 || rotation.result !== null || rotation.step === 'published') return rotation;
  const all = new Map([...rotation.published, ...ours.map(({ member, version }) => [member, version] as const)]);
  const complete = rotation.claim.from.every(({ member }) => all.has(member));
  return { ...rotation, published: all, ...(complete ? { step: 'published', publishedAt: at } : {}) };
}

type Found = Required<Pick<JournalEntry['facts'], 'found' | 'met' | 'listed'>>;

function withFound(before: TargetState, { found, met, listed }: Found, at: string): TargetState {
  let state = before;
  for (const one of met) state = withCredential(state, { ...fresh(one.key, false), ...one });
  for (const { key, credentialId } of listed)
    state = withCredential(state, { ...fresh(key, true), credentialId, life: 'idle', idleSince: at });
  const holds = new Map(state.holds);
  const theirs = new Set(state.theirs);
  for (const { member, version, credential, by } of found) {
    if (by === 'theirs') theirs.add(versionKey(member, version));
    holds.set(versionKey(member, version), credential);
    // Served between two looks: its readers have their time from here on.
    state = change(state, credential, ({ life }) => ({ served: true, ...(mayEndNext(life) ? idleFrom(at) : {}) }));
  }
  state = { ...state, holds, theirs, untidy: true };
  const newest = found.filter(({ newest: isNewest }) => isNewest);
  if (newest.length === 0) return state;
  const after = served(state, newest, at);
  return adopted(
    before,
    after,
    newest.some(({ by }) => by === 'theirs'),
    at,
  );
}

/** What somebody else has published becomes the desired credential, once every secret of the target holds it. */
function adopted(before: TargetState, after: TargetState, theirs: boolean, at: string): TargetState {
  const [first] = after.current.keys();
  const credential = first === undefined ? null : servedBy(after, first);
  const agree = [...after.current.keys()].every((member) => servedBy(after, member) === credential);
  if (!agree || credential === null || credential === after.desired) return after;
  // The publication of the open attempt itself may have been cut off the journal with what followed it.
  const isAttempt = openAttempt(before)?.credential === credential;
  if (!theirs && after.desired !== null && !isAttempt) return after;
  const isSetBack = before.desired !== null && before.credentials.get(credential)?.served === true;
  return {
    ...after,
    desired: credential,
    desiredSince: at,
    setBacks: isSetBack ? [...after.setBacks, at] : after.setBacks,
    rotations: after.rotations.map((one) =>
      one.credential === before.desired && one.step === 'published' && one.replacedAt === null
        ? { ...one, replacedAt: at }
        : one,
    ),
  };
}
