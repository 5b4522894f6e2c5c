import { dayMs, formatDuration } from '../secrets/duration.ts';
import { type Hold, holdOn } from './holds.ts';
import { type RetentionKindName, retentionKinds, type RetentionRules } from './retention-kinds.ts';

/** Records that are deleted together: those of a day, of a month, or of a journal. */
export interface RetentionUnit {
  readonly kind: RetentionKindName;
  /** The folder, with its slash. */
  readonly name: string;
  /** What its records are of, half-open. */
  readonly from: Date;
  readonly to: Date;
  /** In the order in which they are deleted. */
  readonly paths: readonly string[];
}

/** A period of which a final pack was sealed. */
export interface SealedPeriod {
  readonly from: Date;
  readonly to: Date;
}

interface Circumstances {
  readonly rules: RetentionRules;
  readonly holds: readonly Hold[];
  readonly sealed: readonly SealedPeriod[];
  readonly now: Date;
}

/** What becomes of a unit that is old enough, or why it stays. */
export type UnitStanding =
  | { readonly goes: true; readonly rule: string }
  | { readonly goes: false; readonly because: 'young' | 'not-sealed' | 'held'; readonly hold: number | null };

/** A report of a month joins jobs, inventories and looks of the month before. */
const neededAfterMs = 31 * dayMs;

/** Whether a unit goes now: its rule, then the seal of its evidence, then holds. */
export function standingOf(unit: RetentionUnit, { rules, holds, sealed, now }: Circumstances): UnitStanding {
  const keepMs = rules[unit.kind];
  if (keepMs === null || now.getTime() - unit.to.getTime() < keepMs) return stays('young');
  const needed = { from: unit.from, to: new Date(unit.to.getTime() + neededAfterMs) };
  if (retentionKinds[unit.kind].isEvidence && !isSealed(needed, sealed)) return stays('not-sealed');
  const hold = holdOn(holds, unit);
  return hold === null ? { goes: true, rule: formatDuration(keepMs) } : stays('held', hold.number);
}

/** Before when a unit of this kind must end; `null`: it is never deleted. */
export function endsBefore(kind: RetentionKindName, rules: RetentionRules, now: Date): Date | null {
  const keepMs = rules[kind];
  return keepMs === null ? null : new Date(now.getTime() - keepMs);
}

/** Whether sealed periods together leave no moment out. */
function isSealed({ from, to }: SealedPeriod, sealed: readonly SealedPeriod[]): boolean {
  let reached = from.getTime();
  for (const period of [...sealed].sort((a, b) => a.from.getTime() - b.from.getTime()))
    if (period.from.getTime() <= reached) reached = Math.max(reached, period.to.getTime());
  return reached >= to.getTime();
}

function stays(because: 'young' | 'not-sealed' | 'held', hold: number | null = null): UnitStanding {
  return { goes: false, because, hold };
}
