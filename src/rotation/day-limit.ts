import type { RotationUnit } from './rotation-unit.ts';
import type { UnitRecord } from './unit-record.ts';

const dayMs = 86_400_000;

/** The claims of the last day. A clock that was wrong may have written times of the future. */
export function claimsOfTheDay({ claimedAt }: Pick<UnitRecord, 'claimedAt'>, now: Date): readonly string[] {
  return claimedAt.filter((at) => Math.abs(Date.parse(at) - now.getTime()) < dayMs);
}

/** From when on the day's number allows the next rotation; `null` when it does now. */
export function dayLimitUntil(
  { members }: RotationUnit,
  record: Pick<UnitRecord, 'claimedAt'>,
  now: Date,
): Date | null {
  const recent = claimsOfTheDay(record, now);
  const [oldest] = recent;
  const limit = Math.min(...members.map(({ rotationsPerDay }) => rotationsPerDay));
  return recent.length >= limit && oldest !== undefined ? new Date(Date.parse(oldest) + dayMs) : null;
}
