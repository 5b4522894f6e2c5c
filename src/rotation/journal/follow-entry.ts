import { change, fresh, openedRotation, withCredential } from './change-credential.ts';
import { effects } from './entry-effects.ts';
import type { JournalEntry } from './journal-entry.ts';
import { aboutKey, failureKey, openAttempt, placeKey, type TargetState } from './target-state.ts';
import { transitions } from './transitions.ts';

/** One entry further. `head`: the entry's digest. The entry was checked: see `checkTransition`. */
export function withEntry(before: TargetState, entry: JournalEntry, head: string): TargetState {
  const { number, at, kind, act, facts, writer } = entry;
  const read = kind === 'intent' ? [] : entry.operations.filter(({ operation }) => operation === 'SecretGet');
  const until = kind === 'intent' ? facts.sendBefore : facts.heldUntil;
  const written = {
    ...before,
    number,
    head,
    lastAt: at,
    ownReads: read.length === 0 ? before.ownReads : [...before.ownReads, ...read],
    heldBy: until === undefined ? null : { writer, until },
    pending: kind === 'intent' ? entry : null,
  };
  if (kind === 'intent') return withIntent(written, entry);
  // The request that an outcome answers is no longer in flight, unless `notAfter` says that it may still arrive.
  const isAnswered = kind === 'outcome' && facts.notAfter === undefined;
  const settled = isAnswered
    ? { ...written, inFlight: written.inFlight.filter((one) => one.number !== facts.of) }
    : written;
  if (facts.failure !== undefined) return withFailure(settled, entry);
  const named = act === 'begin' ? withCredential(settled, fresh(facts.credential ?? '', true)) : settled;
  return effects[act](withLife(kind === 'outcome' ? withSuccess(named, entry) : named, entry), facts, at);
}

function withIntent(state: TargetState, entry: JournalEntry): TargetState {
  const { act, number, at, facts } = entry;
  const { credential = null, member = null, sendBefore = at, notAfter = at } = facts;
  const request = { number, act, credential, member, sendBefore, notAfter };
  // What can no longer arrive is forgotten a day later; what the open attempt has sent decides its next step.
  const attempt = openAttempt(state)?.credential;
  const recent = state.inFlight.filter(
    (one) => one.credential === attempt || Date.parse(one.notAfter) >= Date.parse(at) - 86_400_000,
  );
  const sets = act === 'issue' || act === 'repair' || act === 'end';
  const sent = { ...state, setAt: sets ? at : state.setAt, inFlight: [...recent, request] };
  if (act === 'publish' && credential !== null) {
    // From the intent on: a lost answer must never bring the old value back.
    return state.desired === credential ? sent : { ...sent, desired: credential, desiredSince: at };
  }
  if (act === 'replicate') {
    // From the intent on nobody knows what the place holds, until an outcome says so.
    const unknown = placeKey(member ?? '', facts.place ?? 0);
    return { ...sent, places: new Map([...sent.places].filter(([place]) => place !== unknown)) };
  }
  if (act !== 'end' || credential === null) return sent;
  return change(withLife(sent, entry), credential, (one) => ({
    endingSince: one.endingSince ?? at,
    credentialId: facts.credentialId ?? one.credentialId,
  }));
}

/** The credential that an entry names has the life that the table of transitions says. */
function withLife(state: TargetState, { act, kind, facts: { credential } }: JournalEntry): TargetState {
  const life = transitions[act][kind]?.to;
  return life === undefined || credential === undefined ? state : change(state, credential, () => ({ life }));
}

/** When a failed act is tried again. An outcome that tells a failure changes no life. */
function withFailure(before: TargetState, { act, at, facts }: JournalEntry): TargetState {
  const { failure: code = '', tries = 0, cycle = 0, retryAt = at, spent = false, text = null, credential = '' } = facts;
  const failed = { code, tries, cycle, retryAt, spent, text };
  const state = {
    ...before,
    failures: new Map(before.failures).set(failureKey(facts.about ?? act, facts.credential), failed),
  };
  // What was refused when it was tried is set, or renewed, once more.
  if (act === 'verify' && code === 'CREDENTIAL_REFUSED')
    return openedRotation(state, credential, ({ claim }) => ({
      step: claim.credentialClass === 'chosen' ? 'staged' : 'claimed',
    }));
  // A request to end that was never sent ends nothing: what speaks for the credential's use is asked for again.
  const isUnsent = act === 'end' && (code === 'NEWEST_VERSION_CHANGED' || code === 'LEASE_ENDED');
  if (!isUnsent || state.inFlight.some((one) => one.act === 'end' && one.credential === credential)) return state;
  return change(state, credential, ({ life }) => (life === 'ending' ? { life: 'idle', endingSince: null } : {}));
}

/** What succeeded has not failed, and nobody is called for it any more. */
function withSuccess(state: TargetState, { act, facts: { credential } }: JournalEntry): TargetState {
  const failures = new Map(state.failures);
  const calls = new Map(state.calls);
  const hadFailed = failures.delete(failureKey(act, credential));
  return calls.delete(aboutKey(act, credential)) || hadFailed ? { ...state, failures, calls } : state;
}
