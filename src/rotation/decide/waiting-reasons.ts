import type { WaitReason } from '../journal/journal-entry.ts';

/** As many as anybody weighs; a version that a hundred jobs read is told by the first of them. */
const mostReasons = 20;
/** How often a change of reasons is noted: jobs come and go with every pass, and the journal is kept for good. */
const noteAgainMs = 3_600_000;

/** The first of many reasons, and how many more there are. */
export function boundedReasons(reasons: readonly WaitReason[]): readonly WaitReason[] {
  const more = reasons.length - mostReasons;
  return more > 0 ? [...reasons.slice(0, mostReasons), { code: 'in-use', count: more }] : reasons;
}

/**
 * Whether the journal should note why something waits: when that has changed, once an hour at most. A time that alone moved on is
 * no change.
 */
export function areWorthNoting(
  noted: readonly WaitReason[],
  at: string,
  reasons: readonly WaitReason[],
  now: Date,
): boolean {
  if (noted.length === 0) return reasons.length > 0;
  const isRecent = Math.abs(now.getTime() - Date.parse(at)) < noteAgainMs;
  return !isRecent && withoutTimes(reasons) !== withoutTimes(noted);
}

function withoutTimes(reasons: readonly WaitReason[]): string {
  return JSON.stringify(reasons.map(({ until: _until, ...rest }) => rest));
}
