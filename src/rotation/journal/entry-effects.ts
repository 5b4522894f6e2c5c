import type { Person } from '../../provenance/person.ts';
import { change, fresh, idleFrom, mayEndNext, withCredential, withRotation } from './change-credential.ts';
import { withFailure, withLife } from './entry-outcome.ts';
import type { JournalAct, JournalEntry, Question, RotationClaim } from './journal-entry.ts';
import { served, withFound } from './served-versions.ts';
import {
  aboutKey,
  type Ask,
  attemptOf,
  isServed,
  openAttempt,
  type Rotation,
  servedBy,
  standingQuestion,
  type TargetState,
  versionKey,
} from './target-state.ts';

type Effect = (state: TargetState, entry: JournalEntry) => TargetState;

/** What each entry changes, by its act; the life of its credential has changed already. */
export const effects: Readonly<Record<JournalAct, Effect>> = {
  begin: (state, entry) => {
    const { at, facts } = entry;
    const { claim, bindings = [], credential = '', text = null } = facts;
    if (claim === undefined) return state;
    // One that failed and is asked for again goes on under its id, and whoever asked before asked for this one too.
    const before = state.rotations.findLast((one) => one.claim.rotationId === claim.rotationId)?.asks ?? [];
    const what = before.length === 0 ? 'request' : 'request-again';
    const asks = withAsk(before, { what, by: claim.askedBy, at, reason: text });
    const rotation = { ...begun(claim, credential, state.desired, at), reason: text, asks };
    const others = state.rotations.filter(
      (one) => one.claim.rotationId !== claim.rotationId || one.step === 'published',
    );
    return {
      ...withLife(withCredential(state, fresh(credential, true)), entry),
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
      change(state, credential, () => (credentialId === undefined ? {} : { credentialId })),
      credential,
      () => ({ step: 'issued', issuedAt: at }),
    ),
  verify: (state, { at, facts: { credential = '' } }) =>
    withRotation(state, credential, () => ({ step: 'verified', verifiedAt: at })),
  publish: (state, { at, facts: { credential = '', member = '', version = '' } }) =>
    served(state, [{ member, version, credential }], at),
  replicate: (state, { facts: { credential = '', member = '', place = 0 } }) => ({
    ...state,
    places: new Map(state.places).set(`${member}#${String(place)}`, credential),
  }),
  repair: (state, { at, facts: { credential = '', credentialId } }) =>
    change(state, credential, () => ({
      ...(isServed(state, credential) ? { life: 'serving', idleSince: null } : { idleSince: at }),
      endingSince: null,
      endedAt: null,
      shown: null,
      ...(credentialId === undefined ? {} : { credentialId }),
    })),
  end: (state, { at, facts: { credential = '', shown = 'cannot-be-shown' } }) => ({
    ...change(state, credential, () => ({ endedAt: at, shown })),
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
          ? { ...one, rolledBack, asks: withAsk(one.asks, { what: 'roll-back', by, at, reason: text }) }
          : one,
      ),
    };
  },
  lose: (state, { at, facts: { credential = '', next } }) => {
    const idle = change(state, credential, () => ({ idleSince: at }));
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
  ask: (state, { at, facts: { question = 'publish', credential, waitsFor = [] } }) => {
    const before = standingQuestion(state, question, credential);
    // Asked again after a no, it is a new question.
    const since = before === null || before.declinedAt !== null ? at : before.at;
    const asked = { at: since, waitsFor, declinedAt: null };
    return { ...state, questions: new Map(state.questions).set(aboutKey(question, credential), asked) };
  },
  decline: (state, { at, facts: { question = 'publish', credential = '', by, text = '' } }) => {
    const asked = state.questions.get(aboutKey(question, credential));
    if (asked === undefined || by === undefined) return state;
    return {
      ...state,
      declines: [...state.declines, { question, credential, by, at, text }],
      questions: new Map(state.questions).set(aboutKey(question, credential), { ...asked, declinedAt: at }),
    };
  },
  approve: (state, { at, facts: { approval, credential = '', text = null } }) =>
    approval === undefined
      ? state
      : { ...state, approvals: [...state.approvals, { ...approval, credential, at, text }] },
  go: (state) => ({ ...state, gone: true }),
  request: (state, { at, facts: { by = null, text = null } }) => ({
    ...state,
    rotations: state.rotations.map((one) =>
      one.result === null ? { ...one, asks: withAsk(one.asks, { what: 'request-again', by, at, reason: text }) } : one,
    ),
    failures: new Map(),
    calls: new Map(),
    questions: withoutQuestions(state, ['publish', 'go']),
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
    asks: withAsk([], { what: 'request', by: claim.askedBy, at, reason: null }),
    rolledBack: null,
    replacedAt: null,
    result: null,
    closedAt: null,
    failure: null,
    reason: null,
  };
}

function withAsk(
  asks: readonly Ask[],
  { by, ...ask }: Omit<Ask, 'by'> & { readonly by: Person | null },
): readonly Ask[] {
  return by === null ? asks : [...asks, { ...ask, by }];
}

function withoutQuestions({ questions }: TargetState, gone: readonly Question[]): TargetState['questions'] {
  return new Map([...questions].filter(([key]) => !gone.some((question) => key.startsWith(`${question} `))));
}
