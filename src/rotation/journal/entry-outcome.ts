import { change, withRotation } from './change-credential.ts';
import type { JournalEntry } from './journal-entry.ts';
import { aboutKey, failureKey, type TargetState } from './target-state.ts';
import { transitions } from './transitions.ts';

/** The credential that an entry names has the life that the table of transitions says. */
export function withLife(state: TargetState, { act, kind, facts: { credential } }: JournalEntry): TargetState {
  const life = transitions[act][kind]?.to;
  return life === undefined || credential === undefined ? state : change(state, credential, () => ({ life }));
}

/** The request that an outcome answers is no longer in flight, unless nobody knows what became of it. */
export function withAnswer(state: TargetState, { facts }: JournalEntry): TargetState {
  const answered = state.inFlight.filter(({ number }) => number !== facts.of);
  return { ...state, pending: null, inFlight: isUnclear(facts) ? state.inFlight : answered };
}

/** An outcome says by `notAfter` that its request may still arrive. */
function isUnclear({ notAfter }: JournalEntry['facts']): boolean {
  return notAfter !== undefined;
}

/** When a failed act is tried again. An outcome that tells a failure changes no life. */
export function withFailure(state: TargetState, { act, at, facts }: JournalEntry): TargetState {
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

/** What succeeded has not failed, and nobody is called for it any more. */
export function withSuccess(state: TargetState, { act, facts }: JournalEntry): TargetState {
  const key = failureKey(act, facts.credential);
  const called = aboutKey(act, facts.credential);
  if (!state.failures.has(key) && !state.calls.has(called)) return state;
  const failures = new Map(state.failures);
  failures.delete(key);
  const calls = new Map(state.calls);
  calls.delete(called);
  return { ...state, failures, calls };
}
