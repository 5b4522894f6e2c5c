import type { JournalEntry, RotationAct } from './journal-entry.ts';
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
  /** When somebody noticed, which is never before it was sent. */
  readonly since: Date;
}

/** Acts that set something at the provider. */
const settingActs: ReadonlySet<RotationAct> = new Set(['issue', 'revoke', 'withdraw', 'roll-back']);

/** What is known of unanswered acts behind one more entry. `before`: the rotation as it was read up to it. */
export function unansweredBehind(before: Rotation, entry: JournalEntry, at: Date): readonly UnansweredAct[] {
  // A time behind which an earlier one is written came from a clock that was wrong: it counts from here.
  const known = before.unanswered.map((one) =>
    one.since.getTime() > at.getTime() + clockToleranceMs ? { ...one, since: at } : one,
  );
  const { pending } = before;
  if (pending === null || !settingActs.has(pending.act) || isAnswered(pending, entry)) return known;
  if (known.some(({ number }) => number === pending.number)) return known;
  const { number, act, attempt } = pending;
  return [...known, { number, act, attempt, since: at }];
}

/** Whoever sees an answer writes on under the same fence, and does not write that it was unclear. */
function isAnswered(pending: JournalEntry, { fence, facts }: JournalEntry): boolean {
  return fence === pending.fence && facts.failure?.endsWith('_ANSWER_UNCLEAR') !== true;
}

/**
 * Makes the rotation rest, without costing a try, while a request that was given up may still arrive and undo what comes next;
 * gives false when none can. Only passwords and keys that are set in place are in question: what is minted has a name of its
 * own, and ending it twice ends nothing else.
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
  if (credentialClass === 'minted' || credentialClass === 'self') return 0;
  const now = work.tools.now().getTime();
  const mostMs = lateRequestMs + clockToleranceMs;
  const left = unansweredNow(work)
    .filter((one) => !but(one))
    .map(({ since }) => Math.min(since.getTime() - now, 0) + mostMs);
  return Math.max(0, ...left);
}

/** Those of the journal, and the one that an earlier worker left behind and that this one is the first to see. */
function unansweredNow({ rotation, fence, tools }: RotationWork): readonly UnansweredAct[] {
  const { pending, unanswered } = rotation;
  if (pending === null || !settingActs.has(pending.act) || pending.fence === fence) return unanswered;
  if (unanswered.some(({ number }) => number === pending.number)) return unanswered;
  const { number, act, attempt } = pending;
  return [...unanswered, { number, act, attempt, since: tools.now() }];
}
