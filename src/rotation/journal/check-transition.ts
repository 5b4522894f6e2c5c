import { stepsOf } from '../ports/rotation-steps.ts';
import type { JournalEntry } from './journal-entry.ts';
import { type TargetState, isServed, openAttempt, servedBy } from './target-state.ts';
import { transitions } from './transitions.ts';

/** An entry before it has its place in the chain. */
export type NewEntry = Pick<JournalEntry, 'writer' | 'at' | 'kind' | 'act' | 'facts' | 'operations'>;

/**
 * Says why an entry cannot follow on a state, in one sentence; `null` when it can. The same question is asked before an entry is
 * appended and when it is read.
 */
export function refusedTransition(state: TargetState, entry: NewEntry): string | null {
  const { act, kind, facts } = entry;
  const row = transitions[act][kind];
  if (row === undefined) return `There is no ${kind} of ${act}.`;
  if (facts.failure !== undefined) return refusedAnswer(state, entry);
  const missing = row.needs.find((name) => facts[name] === undefined);
  if (missing !== undefined) return `A ${kind} of ${act} needs ${missing}.`;
  const life = facts.credential === undefined ? 'absent' : (state.credentials.get(facts.credential)?.life ?? 'absent');
  if (row.from !== undefined && !row.from.includes(life))
    return `A credential that is ${life} takes no ${kind} of ${act}.`;
  return refusedAnswer(state, entry) ?? refusedStep(state, entry) ?? refusedEnd(state, entry);
}

/** An outcome answers the intent of its own act that its own writer wrote right before it. */
function refusedAnswer({ pending }: TargetState, { act, kind, facts, writer }: NewEntry): string | null {
  if (kind !== 'outcome' || facts.of === undefined) return null;
  if (pending?.number !== facts.of || pending.act !== act || pending.writer !== writer)
    return `It answers entry ${String(facts.of)}, which is no open intent of ${act} by the same writer.`;
  return null;
}

const stepOfAct = { stage: 'staged', issue: 'issued', verify: 'verified' } as const;

/** The steps of an attempt come in the order of its class; an outcome may come again for the step that is reached. */
function refusedStep(state: TargetState, { act, kind, facts }: NewEntry): string | null {
  const open = openAttempt(state);
  if (act === 'begin') return open === null ? null : 'An attempt is open.';
  if (kind !== 'outcome' || (act !== 'stage' && act !== 'issue' && act !== 'verify')) return null;
  if (open === null || open.credential !== facts.credential) return 'It is not the credential of the open attempt.';
  const steps: readonly string[] = stepsOf[open.claim.credentialClass];
  const to = steps.indexOf(stepOfAct[act]);
  const from = steps.indexOf(open.step);
  return to !== -1 && (to === from || to === from + 1) ? null : `${stepOfAct[act]} does not follow ${open.step}.`;
}

/** What is in force, or is to be, does not end; the newest version of a secret is not disabled before it is retired. */
function refusedEnd(state: TargetState, { act, kind, facts }: NewEntry): string | null {
  if (kind !== 'intent') return null;
  if (act === 'end' && facts.credential !== undefined && state.retiredAt === null) {
    if (state.desired === facts.credential || isServed(state, facts.credential))
      return 'It is the credential in force.';
  }
  if (act === 'disable' && state.retiredAt === null) {
    const { member = '', version = '' } = facts;
    if (state.current.get(member) === version) return 'It is the newest version.';
  }
  if (act === 'replicate' && facts.credential !== servedBy(state, facts.member ?? ''))
    return 'The vault serves another.';
  return null;
}
