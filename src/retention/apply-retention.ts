import type { RecordStore } from '../records/record-store.ts';
import { deleteUnit, finishDeletions } from './delete-unit.ts';
import { standingHolds } from './holds.ts';
import { unitsBefore } from './list-units.ts';
import { type RetentionKindName, retentionKindNames, type RetentionRules } from './retention-kinds.ts';
import { readRetention } from './retention-record.ts';
import { endsBefore, type RetentionUnit, type SealedPeriod, standingOf, type UnitStanding } from './retention-unit.ts';

export interface RetentionTools {
  readonly records: RecordStore;
  readonly now: () => Date;
  readonly rules: RetentionRules;
  /** Periods of which a final pack was sealed. */
  readonly sealed: readonly SealedPeriod[];
  /** Journals of targets that left the policy and have no credential that lives, as units whose last entry is before a moment. */
  readonly finishedJournals: (before: Date) => AsyncIterable<RetentionUnit>;
  /** Takes a journal out of what is known without reading it, before it goes. `unit`: its folder. */
  readonly forget: (unit: string) => Promise<void>;
}

/** A daily pass deletes so many records at most, and the next one goes on. */
const mostRecords = 20_000;

/**
 * Deletes what the rules no longer keep, each unit with an entry before and after, and finishes what a pass before began. Returns
 * how many records went. Two processes may do it at once: the second one that puts something on record ends its pass.
 */
export async function applyRetention(tools: RetentionTools): Promise<number> {
  let entries = await finishDeletions(tools);
  const holds = standingHolds(entries);
  let count = 0;
  for await (const unit of oldUnits(tools)) {
    const standing = standingOf(unit, { ...tools, holds, now: tools.now() });
    if (!standing.goes) continue;
    const outcome = await deleteUnit(tools, entries, { unit, rule: standing.rule });
    if (outcome === null) return count;
    entries = outcome.entries;
    count += outcome.records;
    if (count >= mostRecords) return count;
  }
  return count;
}

/** What the next pass would do with each unit that is old enough. Writes nothing. */
export async function* planRetention(
  tools: RetentionTools,
): AsyncGenerator<{ readonly unit: RetentionUnit; readonly standing: UnitStanding }> {
  const holds = standingHolds(await readRetention(tools.records));
  for await (const unit of oldUnits(tools))
    yield { unit, standing: standingOf(unit, { ...tools, holds, now: tools.now() }) };
}

async function* oldUnits(tools: RetentionTools): AsyncGenerator<RetentionUnit> {
  for (const kind of retentionKindNames) {
    const before = endsBefore(kind, tools.rules, tools.now());
    if (before !== null) yield* unitsOf(tools, kind, before);
  }
}

async function* unitsOf(tools: RetentionTools, kind: RetentionKindName, before: Date): AsyncGenerator<RetentionUnit> {
  yield* unitsBefore(tools.records, kind, before);
  if (kind === 'journals') yield* tools.finishedJournals(before);
}
