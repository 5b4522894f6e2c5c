import { ServiceError } from '../service-error.ts';
import { bindTarget, unboundTarget, unitBoundTo } from './bind-target.ts';
import { type Driven, driveTarget } from './drive-target.ts';
import { changeIndex, readIndex, unknownTarget, withTargets } from './journal/target-index.ts';
import { appendEntry, journalTargets, readRemembered, type TargetJournal } from './journal/target-journal.ts';
import { type Rotation, rotationNamed } from './journal/target-state.ts';
import type { JournalAct, JournalFacts } from './journal/journal-entry.ts';
import { observe, type Sight } from './observe/observe.ts';
import { knownWorker, type Target } from './observe/target.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey } from './rotation-unit.ts';
import { requireStore } from './observe/vault-access.ts';

/** The rotation's id in `<rotationId>.<attempt>`, or the text unchanged. */
export function rotationIdIn(text: string): string {
  return parseAttemptId(text)?.rotationId ?? text;
}

/**
 * The target of a rotation that a person names, and the rotation.
 * @throws ServiceError `ROTATION_UNKNOWN` when no journal has one of this id.
 */
export async function findRotation(
  tools: RotationTools,
  rotationId: string,
): Promise<{ readonly target: Target; readonly rotation: Rotation; readonly journal: TargetJournal }> {
  for await (const key of journalTargets(tools.records)) {
    const journal = await readRemembered(tools, key).catch((error: unknown) => {
      // A journal that cannot be read hides its own target alone.
      if (ServiceError.is(error, 'RECORD_UNREADABLE')) return null;
      throw error;
    });
    const rotation = journal === null ? undefined : rotationNamed(journal.state, rotationId);
    if (journal === null || rotation === undefined) continue;
    const unit = unitBoundTo(tools, journal.state);
    const target = unit === null ? unboundTarget(tools, journal.state) : bindTarget(tools, unit);
    if (target !== null) return { target, rotation, journal };
  }
  throw new ServiceError('ROTATION_UNKNOWN', { rotationId });
}

/** What a person sees and says: a look at the target, and a note in its journal. */
export interface Desk {
  readonly sight: Sight;
  readonly journal: TargetJournal;
  /** Appends what the person says. @throws ServiceError `JOURNAL_CONFLICT` when a worker was faster: look again. */
  readonly say: (act: JournalAct, facts: JournalFacts) => Promise<void>;
}

/** Looks at a target on behalf of a person. A worker that is faster makes it look again, a few times. */
export async function atDesk<Value>(target: Target, work: (desk: Desk) => Promise<Value>): Promise<Value> {
  for (let tries = 0; ; tries += 1) {
    const worker = knownWorker(target, null);
    const sight = await observe(target, worker);
    if (worker.journal === null) throw new Error('It was just read.');
    let { journal } = worker;
    try {
      return await work({
        sight,
        journal,
        say: async (act, facts) => {
          const [{ vault }] = target.terms.bindings;
          const at = (requireStore(target.tools, vault).serverTime() ?? sight.observation.now).toISOString();
          const entry = { writer: worker.writer, at, kind: 'note', act, facts, operations: [] } as const;
          journal = await appendEntry(target.tools.records, journal, entry);
          target.tools.memory.journals.set(target.key, journal);
        },
      });
    } catch (error) {
      if (!ServiceError.is(error, 'JOURNAL_CONFLICT') || tries >= 5) throw error;
    }
  }
}

/** Who asks waits for an answer: Event Grid for thirty seconds, of which half leaves room for a slow start. */
const answerWithinMs = 15_000;

/** Drives one target now, and keeps the index: marked open before, and what was learnt after. */
export async function driveNow(target: Target, deadlineMs = answerWithinMs): Promise<Driven> {
  const { records } = target.tools;
  const indexed = (await readIndex(records)).get(target.key) ?? null;
  if (indexed?.open !== true) {
    await changeIndex(records, (index) => {
      const known = index.get(target.key) ?? unknownTarget(target.terms.bindings.map(bindingKey));
      return new Map(index).set(target.key, { ...known, open: true });
    });
  }
  const driven = await driveTarget(target, { indexed, deadlineMs });
  await changeIndex(records, (index) => withTargets(index, new Map([[target.key, driven.indexed]])));
  return driven;
}
