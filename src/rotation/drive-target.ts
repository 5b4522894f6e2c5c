import { type NoteSpan, untraced } from '../log/trace.ts';
import { ServiceError } from '../service-error.ts';
import { stepsOfAct } from './act/programs.ts';
import { fail, record, type Run } from './act/run.ts';
import { loseRefused } from './act/issue.ts';
import type { Call, Decision, Wait } from './decide/decision.ts';
import type { JournalAct } from './journal/journal-entry.ts';
import { readHead, wasSetBack } from './journal/kept-head.ts';
import type { IndexedTarget } from './journal/target-index.ts';
import { aboutKey, openAttempt, type TargetState } from './journal/target-state.ts';
import { observe, type Sight } from './observe/observe.ts';
import { forgetAttempt, knownWorker, stateOf, type Target, type Worker } from './observe/target.ts';
import { indexOf } from './index-of-target.ts';
import { settle } from './settle.ts';
import { newestFailure, stateOfRotation } from './history/rotation-standing.ts';

/** No target needs as many acts in one drive: a group of fifteen secrets with further places takes about sixty. */
const mostActs = 200;

/** What became of one drive of a target, and its state after it. */
export interface Driven {
  /**
   * `rested`: nothing more can be done now. `busy`: another worker is at it. `throttled`: a vault or provider asked to be left
   * alone. `failed`: something could not be looked at. `out-of-time`: the deadline came first.
   */
  readonly outcome: 'rested' | 'busy' | 'throttled' | 'failed' | 'out-of-time';
  readonly state: TargetState;
  readonly waits: readonly Wait[];
  readonly calls: readonly Call[];
  readonly fault: ServiceError | null;
  /** By our clock, with `throttled`. */
  readonly throttledUntil: Date | null;
  readonly acts: readonly JournalAct[];
  readonly indexed: IndexedTarget;
}

/**
 * Takes a target as far as it goes now: observes, decides, acts, one act after the other. Every act may have been half done by a
 * worker that died. No act begins later than `deadlineMs` after the call, but those that readers wait for. Never sleeps.
 * @throws ServiceError when the journal cannot be read or written (`RECORD_…`).
 */
export async function driveTarget(
  target: Target,
  { indexed, deadlineMs = 60_000 }: { readonly indexed: IndexedTarget | null; readonly deadlineMs?: number },
): Promise<Driven> {
  const { tools } = target;
  const end = tools.monotonicMs() + deadlineMs;
  const worker = knownWorker(target, indexed);
  worker.remembered = tools.memory.credentials;
  const drive: Drive = { target, worker, sight: null, acts: [] };
  let at = target;
  try {
    worker.keptHead = await readHead(tools.records, target.key);
    for (;;) {
      const sight = await observe(at, worker);
      if (drive.sight === null) worker.setBack = lacksItsHead(worker, indexed);
      const seen = { ...sight, observation: { ...sight.observation, setBack: worker.setBack } };
      const { decision, fault, ...settled } = await settle(at, worker, seen);
      drive.sight = settled.sight;
      if (decision.kind !== 'act') {
        const rested = await rest({ ...drive, sight: settled.sight }, decision);
        return fault === null ? rested : { ...rested, outcome: 'failed', fault };
      }
      const isLate = tools.monotonicMs() >= end && !readersMayBeOut(stateOf({ target, worker }));
      // The decision's own rules end every cycle; this bound keeps a fault in them from taking a whole pass.
      if (isLate || drive.acts.length >= mostActs) return driven(drive, 'out-of-time');
      const { act } = decision;
      drive.acts.push(act.act === 'note' ? act.entry : act.act);
      const run: Run = { target: at, worker, sight: settled.sight, act, found: {}, over: false };
      const throttledUntil = await (tools.trace ?? untraced)('act on a target', { act: act.act }, (note) =>
        perform(run, note),
      );
      // A person's wish is for one rotation.
      if (openAttempt(stateOf(run)) !== null) at = { ...target, terms: { ...target.terms, wish: null } };
      remember(target, worker);
      if (throttledUntil !== null) return { ...driven(drive, 'throttled'), throttledUntil };
    }
  } catch (error) {
    return stopped(error, driven(drive, 'failed'), worker);
  } finally {
    remember(target, worker);
  }
}

/** One drive under way. `sight`: as it was looked at last; `null` before that. */
interface Drive {
  readonly target: Target;
  readonly worker: Worker;
  sight: Sight | null;
  readonly acts: JournalAct[];
}

/** Another worker was faster, or something could not be looked at: the next pass goes on. */
function stopped(error: unknown, failed: Driven, worker: Worker): Driven {
  if (ServiceError.is(error, 'JOURNAL_CONFLICT')) {
    forgetAttempt(worker);
    return { ...failed, outcome: 'busy' };
  }
  if (!ServiceError.is(error) || error.layer === 'record-store' || error.layer === 'record') throw error;
  if (ServiceError.is(error, 'JOURNAL_ENTRY_REFUSED')) throw error;
  return { ...failed, fault: error };
}

/** Runs the steps of one act; what fails is written down. Returns how long a throttled vault asks to be left alone. */
async function perform(run: Run, note: NoteSpan): Promise<Date | null> {
  const before = stateOf(run);
  let throttled: Date | null = null;
  try {
    for (const step of stepsOfAct(run.act)) {
      await step(run);
      if (run.over) break;
    }
  } catch (error) {
    note({ outcome: 'failed', code: ServiceError.is(error) ? error.code : 'UNEXPECTED' });
    throttled = await fail(run, error);
    if (run.act.act === 'issue' || run.act.act === 'verify') await loseRefused({ ...run, act: run.act }, error);
  }
  say(run, before);
  return throttled;
}

/** Nothing more can be done: a call that is new is written down and told. */
async function rest(
  drive: Drive & { readonly sight: Sight },
  { waits, calls }: Extract<Decision, { kind: 'rest' }>,
): Promise<Driven> {
  const { target, worker, sight } = drive;
  const known = stateOf(drive).calls;
  for (const { code, about, credential } of calls) {
    if (known.get(aboutKey(about, credential))?.code === code || worker.journal?.state.number === 0) continue;
    await record(drive, 'note', 'call', { code, about, credential: credential ?? undefined });
    const step = stateOf(drive).rotations.at(-1)?.step ?? 'claimed';
    target.tools.log?.({ ...named(drive), state: 'needs-attention', step, failure: code, retryAt: null });
  }
  const outcome = waits.some(({ why }) => why === 'busy') ? 'busy' : 'rested';
  return { ...driven(drive, outcome), waits, calls, indexed: indexOf(target, worker, sight, waits, calls) };
}

function driven(drive: Drive, outcome: Driven['outcome']): Driven {
  const { target, worker, sight, acts } = drive;
  // Who did not come to rest does not know whether anything is open: another worker may have begun.
  const indexed = { ...indexOf(target, worker, sight, [], []), open: true, wakeAt: null };
  const none = { waits: [], calls: [], fault: null, throttledUntil: null };
  return { ...none, outcome, state: stateOf(drive), acts, indexed };
}

/** Set at the provider and not published: where there is a single password, every reader holds a dead one until it is. */
function readersMayBeOut(state: TargetState): boolean {
  const open = openAttempt(state);
  return open?.claim.credentialClass === 'chosen' && (open.step === 'issued' || open.step === 'verified');
}

function lacksItsHead({ journal, keptHead }: Worker, indexed: IndexedTarget | null): boolean {
  return journal !== null && wasSetBack(journal, [indexed?.head ?? null, keptHead?.head ?? null]);
}

/** The journal is kept, so that the next pass reads on; values are kept only while their attempt is open. */
function remember({ tools, key }: Target, { journal }: Worker): void {
  if (journal === null) return;
  tools.memory.journals.set(key, journal);
  const open = openAttempt(journal.state)?.credential;
  for (const credential of tools.memory.credentials.keys()) {
    if (credential !== open && journal.state.credentials.has(credential)) tools.memory.credentials.delete(credential);
  }
}

/** Tells where the newest rotation came to, when that has changed. */
function say(run: Run, before: TargetState): void {
  const after = stateOf(run);
  const rotation = after.rotations.at(-1);
  if (rotation === undefined) return;
  const earlier = before.rotations.find(({ claim }) => claim.rotationId === rotation.claim.rotationId);
  const state = stateOfRotation(after, rotation);
  if (earlier !== undefined && stateOfRotation(before, earlier) === state) return;
  const { code: failure = null, retryAt: at } = newestFailure(after, rotation) ?? {};
  const retryAt = at === undefined ? null : new Date(at);
  run.target.tools.log?.({ ...named(run), state, step: rotation.step, failure, retryAt });
}

function named(at: Pick<Drive, 'target' | 'worker'>): { rotationId: string; vault: string; secret: string } {
  const [{ vault, name: secret }] = at.target.terms.bindings;
  return { rotationId: stateOf(at).rotations.at(-1)?.claim.rotationId ?? '', vault, secret };
}
