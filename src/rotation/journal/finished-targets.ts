import type { RecordStore } from '../../records/record-store.ts';
import { forgetHead } from './kept-head.ts';
import { changeIndex } from './target-index.ts';
import { journalTargets, readJournal } from './target-journal.ts';
import { isAlive, type TargetState } from './target-state.ts';

/** A target on which nothing is left to do: what it issued has ended, and no secret of the policy is in it. */
export interface FinishedTarget {
  readonly target: string;
  /** When its first and its newest entry were written. */
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** The targets that are finished. `isBound`: whether the policy names a secret, `vault/name`. @throws ServiceError `RECORD_UNREADABLE`. */
export async function* finishedTargets(
  records: RecordStore,
  isBound: (secret: string) => boolean,
): AsyncGenerator<FinishedTarget> {
  for await (const target of journalTargets(records)) {
    const { state, entries } = await readJournal(records, target);
    const [first, last] = [entries.at(0), entries.at(-1)];
    if (first === undefined || last === undefined || !isFinished(state)) continue;
    if (state.bindings.some(({ vault, name }) => isBound(`${vault}/${name}`))) continue;
    yield { target, firstAt: new Date(first.at), lastAt: new Date(last.at) };
  }
}

/** Takes a target out of the index, and its head away, so that a journal that is gone is not taken for one that was lost. */
export async function forgetTarget(records: RecordStore, target: string): Promise<void> {
  await forgetHead(records, target);
  await changeIndex(records, (index) =>
    index.has(target) ? new Map([...index].filter(([key]) => key !== target)) : index,
  );
}

function isFinished({ credentials, rotations, staged, pending }: TargetState): boolean {
  return (
    pending === null &&
    staged.size === 0 &&
    [...credentials.values()].every((credential) => !isAlive(credential)) &&
    rotations.every(({ result }) => result !== null)
  );
}
