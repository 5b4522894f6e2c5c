import { change } from './change-credential.ts';
import { effects } from './entry-effects.ts';
import { withAnswer, withFailure, withLife, withSuccess } from './entry-outcome.ts';
import type { JournalEntry } from './journal-entry.ts';
import { type InFlight, openAttempt, type TargetState } from './target-state.ts';

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
  const answered = entry.kind === 'outcome' ? withSuccess(settled, entry) : settled;
  return effects[entry.act](withLife(answered, entry), entry);
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
    return change(withLife(sent, entry), credential, ({ endingSince }) => ({
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
