import type { Rotation } from './rotation.ts';

/** As many as anybody weighs; a version that a hundred jobs read is told by the first of them. */
const mostReasons = 20;
/** How often a change of reasons is noted: jobs come and go with every pass, and the journal is kept for good. */
const noteAgainMs = 3_600_000;

/** The first of many reasons, and how many more there are. */
export function boundedReasons(reasons: readonly string[]): readonly string[] {
  const more = reasons.length - mostReasons;
  return more > 0 ? [...reasons.slice(0, mostReasons), `and ${String(more)} more`] : reasons;
}

/**
 * Whether the journal should note why a rotation waits: when that has changed, once an hour at most. A time that alone moved on is
 * no change.
 */
export function areWorthNoting({ reasons: noted, lastAt }: Rotation, reasons: readonly string[], now: Date): boolean {
  if (noted.length === 0) return reasons.length > 0;
  // Either way: a clock that was set back must not silence them.
  const isRecent = Math.abs(now.getTime() - lastAt.getTime()) < noteAgainMs;
  return !isRecent && withoutTimes(reasons) !== withoutTimes(noted);
}

const isoTime = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g;

function withoutTimes(reasons: readonly string[]): string {
  return reasons.map((reason) => reason.replaceAll(isoTime, '')).join('\n');
}
