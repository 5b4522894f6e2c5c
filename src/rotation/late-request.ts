import { effectOf } from '../service-error.ts';
import type { JournalEntry, RotationAct } from './journal-entry.ts';
import { isAboutPlace } from './place-intent.ts';
import type { Rotation } from './rotation.ts';
import type { RotationWork } from './rotation-work.ts';
import { clockToleranceMs } from './vault-access.ts';

/** How long a request may still arrive whose answer nobody saw: a worker may sleep before it, and a network may hold it. */
export const lateRequestMs = 900_000;

/** An act at the provider whose answer nobody saw: its request may still arrive. */
export interface UnansweredAct {
  /** The intent's number in the journal. */
  readonly number: number;
  readonly act: RotationAct;
  readonly attempt: number;
  /** Whether it writes to a further place, beside vault and provider. */
  readonly isPlace: boolean;
  /** When somebody noticed, which is never before it was sent. */
  readonly since: Date;
}

/** Acts that set something at the provider. Publishing to a further place is the other kind that can come too late. */
const settingActs: ReadonlySet<RotationAct> = new Set(['issue', 'revoke', 'withdraw', 'roll-back']);

/** What is known of unanswered acts behind one more entry. `before`: the rotation as it was read up to it. */
export function unansweredBehind(before: Rotation, entry: JournalEntry, at: Date): readonly UnansweredAct[] {
  // A time behind which an earlier one is written came from a clock that was wrong: it counts from here.
  const known = before.unanswered.map((one) =>
    one.since.getTime() > at.getTime() + clockToleranceMs ? { ...one, since: at } : one,
  );
  const { pending } = before;
  if (pending === null || !setsSomething(pending) || isAnswered(pending, entry)) return known;
  return withUnanswered(known, pending, at);
}

function setsSomething({ act, facts }: JournalEntry): boolean {
  return settingActs.has(act) || (act === 'publish' && isAboutPlace(facts));
}

function withUnanswered(
  known: readonly UnansweredAct[],
  { number, act, attempt, facts }: JournalEntry,
  since: Date,
): readonly UnansweredAct[] {
  if (known.some((one) => one.number === number)) return known;
  return [...known, { number, act, attempt, isPlace: isAboutPlace(facts), since }];
}

/** Whoever sees an answer writes on under the same fence, and does not write that it was unclear. */
function isAnswered(pending: JournalEntry, { fence, facts }: JournalEntry): boolean {
  return fence === pending.fence && (facts.failure === undefined || effectOf(facts.failure) !== 'unknown');
}

/**
 * Makes the rotation rest, without costing a try, while a request that was given up may still arrive and undo what comes next;
 * gives false when none can. Passwords and keys that are set in place are in question, and further places: what is minted has a
 * name of its own, and ending it twice ends nothing else.
 * `but`: acts that may arrive all the same, for they do what is about to be done.
 */
export async function restsForLateRequest(
  work: RotationWork,
  but: (act: Pick<UnansweredAct, 'act' | 'attempt'>) => boolean = () => false,
): Promise<boolean> {
  const { rotation, tools } = work;
  const leftMs = lateRequestLeftMs(work, but);
  if (leftMs === 0) return false;
  const { state, tries, cycle, reasons } = rotation;
  await work.outcome('wait', {
    state: state === 'superseded' || state === 'rolled-back' ? state : 'retry-wait',
    facts: {
      failure: 'PROVIDER_ANSWER_UNCLEAR',
      tries,
      cycle,
      retryAt: new Date(tools.now().getTime() + leftMs).toISOString(),
      reasons,
    },
  });
  return true;
}

/** For how long a request that was given up may still arrive, in milliseconds; 0 when none can. */
export function lateRequestLeftMs(
  work: RotationWork,
  but: (act: Pick<UnansweredAct, 'act' | 'attempt'>) => boolean = () => false,
): number {
  const { credentialClass } = work.issuer;
  const setsInPlace = credentialClass === 'chosen' || credentialClass === 'read-back';
  const now = work.tools.now().getTime();
  const mostMs = lateRequestMs + clockToleranceMs;
  const left = unansweredNow(work)
    .filter((one) => (setsInPlace || one.isPlace) && !but(one))
    .map(({ since }) => Math.min(since.getTime() - now, 0) + mostMs);
  return Math.max(0, ...left);
}

/** Those of the journal, and the one that an earlier worker left behind and that this one is the first to see. */
function unansweredNow({ rotation, fence, tools }: RotationWork): readonly UnansweredAct[] {
  const { pending, unanswered } = rotation;
  if (pending === null || !setsSomething(pending) || pending.fence === fence) return unanswered;
  return withUnanswered(unanswered, pending, tools.now());
}
