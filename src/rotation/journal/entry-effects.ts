import type { Person } from '../../provenance/person.ts';
import { change, fresh, idleFrom, openedRotation, withCredential } from './change-credential.ts';
import type { JournalAct, JournalFacts, RotationClaim } from './journal-entry.ts';
import { attemptOf } from '../rotation-id.ts';
import { served, withFound } from './served-versions.ts';
import {
  aboutKey,
  type Ask,
  isServed,
  mayEndNext,
  openAttempt,
  type Rotation,
  servedBy,
  standingQuestion,
  type TargetState,
  versionKey,
  rotationNamed,
  placeKey,
} from './target-state.ts';

type Effect = (state: TargetState, facts: JournalFacts, at: string) => TargetState;

/** What each entry changes, by its act; the life of its credential has changed already. */
export const effects: Readonly<Record<JournalAct, Effect>> = {
  begin: (state, { claim, bindings = [], credential = '', text = null }, at) => {
    if (claim === undefined) return state;
    // One that failed and is asked for again goes on under its id, and whoever asked before asked for this one too.
    const before = rotationNamed(state, claim.rotationId)?.asks ?? [];
    const what = before.length === 0 ? 'request' : 'request-again';
    const asks = withAsk(before, { what, by: claim.askedBy, at, reason: text });
    const others = state.rotations.filter(
      (one) => one.claim.rotationId !== claim.rotationId || one.step === 'published',
    );
    const rotations = [...others, { ...begun(claim, credential, state.desired, at), reason: text, asks }];
    return { ...state, bindings, rotations, failures: new Map(), calls: new Map(), askedAgainAt: null };
  },
  stage: (state, { credential = '', version }) => ({
    ...openedRotation(state, credential, () => ({ step: 'staged' })),
    staged: version === undefined ? state.staged : new Map(state.staged).set(version, credential),
  }),
  issue: (state, { credential = '', credentialId }, at) =>
    openedRotation(
      change(state, credential, (one) => ({ credentialId: credentialId ?? one.credentialId })),
      credential,
      () => ({ step: 'issued', issuedAt: at }),
    ),
  verify: (state, { credential = '' }, at) =>
    openedRotation(state, credential, () => ({ step: 'verified', verifiedAt: at })),
  publish: (state, { credential = '', member = '', version = '' }, at) =>
    served(state, [{ member, version, credential }], at),
  replicate: (state, { credential = '', member = '', place = 0 }) => ({
    ...state,
    places: new Map(state.places).set(placeKey(member, place), credential),
  }),
  repair: (state, { credential = '', credentialId }, at) =>
    change(state, credential, (one) => ({
      ...(isServed(state, credential) ? { life: 'serving', idleSince: null } : { idleSince: at }),
      endingSince: null,
      endedAt: null,
      shown: null,
      credentialId: credentialId ?? one.credentialId,
    })),
  end: (state, { credential = '', shown = 'cannot-be-shown' }, at) => ({
    ...change(state, credential, () => ({ endedAt: at, shown })),
    untidy: true,
  }),
  disable: (state, { version = '' }) => {
    const staged = new Map(state.staged);
    return staged.delete(version) ? { ...state, staged } : state;
  },
  identify: withFound,
  desire: (state, { credential = '', why, by = null, text = '', rotationId }, at) => {
    const rolledBack = why === 'roll-back' ? { at, by, text } : null;
    // Whoever rolls back means what is served now, whoever has set it.
    const newest = new Set([...state.current].map(([member, version]) => versionKey(member, version)));
    return {
      ...state,
      theirs: new Set([...state.theirs].filter((key) => !newest.has(key))),
      desired: credential,
      desiredSince: at,
      rotations: withRotations(
        state,
        ({ claim }) => claim.rotationId === rotationId,
        ({ asks }) => ({ rolledBack, asks: withAsk(asks, { what: 'roll-back', by, at, reason: text }) }),
      ),
    };
  },
  lose: (state, { credential = '', next }, at) => {
    const idle = change(state, credential, () => ({ idleSince: at }));
    const from = openAttempt(state)?.from ?? null;
    const lost = idle.desired === credential ? { ...idle, desired: from, desiredSince: at } : idle;
    if (next === undefined) return lost;
    const again = {
      credential: next,
      attempt: attemptOf(next),
      step: 'claimed',
      issuedAt: null,
      verifiedAt: null,
    } as const;
    return {
      ...withCredential(lost, fresh(next, true)),
      rotations: withRotations(
        lost,
        (one) => one.credential === credential,
        () => again,
      ),
    };
  },
  close: (state, { rotationId, result = 'done', code = null }, at) => {
    const closing = state.rotations.find((one) => one.claim.rotationId === rotationId && one.result === null);
    const rotations = withRotations(
      state,
      (one) => one === closing,
      () => ({ result, closedAt: at, failure: code }),
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
  ask: (state, { question = 'publish', credential, waitsFor = [] }, at) => {
    const before = standingQuestion(state, question, credential);
    // Asked again after a no, it is a new question.
    const since = before === null || before.declinedAt !== null ? at : before.at;
    const asked = { at: since, waitsFor, declinedAt: null };
    return { ...state, questions: new Map(state.questions).set(aboutKey(question, credential), asked) };
  },
  decline: (state, { question = 'publish', credential = '', by, text = '' }, at) => {
    const key = aboutKey(question, credential);
    const asked = state.questions.get(key);
    if (asked === undefined || by === undefined) return state;
    return {
      ...state,
      declines: [...state.declines, { question, credential, by, at, text }],
      questions: new Map(state.questions).set(key, { ...asked, declinedAt: at }),
    };
  },
  approve: (state, { approval, credential = '', text = null }, at) =>
    approval === undefined
      ? state
      : { ...state, approvals: [...state.approvals, { ...approval, credential, at, text }] },
  go: (state) => ({ ...state, gone: true }),
  request: (state, { by = null, text = null }, at) => ({
    ...state,
    rotations: withRotations(
      state,
      ({ result }) => result === null,
      ({ asks }) => ({ asks: withAsk(asks, { what: 'request-again', by, at, reason: text }) }),
    ),
    failures: new Map(),
    calls: new Map(),
    questions: new Map([...state.questions].filter(([key]) => !/^(?:publish|go) /.test(key))),
    setBacks: [],
    askedAgainAt: at,
    gone: true,
  }),
  wait: (state, { credential, waitsFor = [] }, at) =>
    credential === undefined
      ? state
      : { ...state, waits: new Map(state.waits).set(credential, { at, reasons: waitsFor }) },
  call: (state, { code = '', about = 'wait', credential }, at) => ({
    ...state,
    calls: new Map(state.calls).set(aboutKey(about, credential), { code, at }),
  }),
  retire: (state, { bindings = [] }, at) => ({ ...state, bindings, retiredAt: at }),
  rebuild: (state, facts, at) => {
    const { bindings = [], claim, credential } = facts;
    return rebuilt(withFound({ ...state, bindings, rebuiltAt: at }, facts, at), claim, credential, at);
  },
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
  const published = new Map([...state.current].filter(([member]) => servedBy(state, member) === credential));
  const rotation = { ...begun(claim, credential, from, at), step: 'published', published, publishedAt: at } as const;
  return { ...again, rotations: [...again.rotations, rotation] };
}

function begun(claim: RotationClaim, credential: string, from: string | null, at: string): Rotation {
  const not = { issuedAt: null, verifiedAt: null, publishedAt: null, replacedAt: null, closedAt: null };
  return {
    claim,
    attempt: attemptOf(credential),
    credential,
    from,
    step: 'claimed',
    published: new Map(),
    begunAt: at,
    ...not,
    asks: withAsk([], { what: 'request', by: claim.askedBy, at, reason: null }),
    rolledBack: null,
    result: null,
    failure: null,
    reason: null,
  };
}

function withRotations(
  { rotations }: TargetState,
  which: (rotation: Rotation) => boolean,
  to: (rotation: Rotation) => Partial<Rotation>,
): readonly Rotation[] {
  return rotations.map((one) => (which(one) ? { ...one, ...to(one) } : one));
}

function withAsk(asks: readonly Ask[], { by, ...ask }: Omit<Ask, 'by'> & { by: Person | null }): readonly Ask[] {
  return by === null ? asks : [...asks, { ...ask, by }];
}
