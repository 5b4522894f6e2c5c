/** Evidence of reads that a rule of retention has deleted. */
export interface DeletedReads {
  readonly what: 'rows of the log' | 'jobs' | 'receipts';
  /** Half-open, ISO 8601, UTC, within the span. */
  readonly from: string;
  readonly to: string;
  /** How long the rule kept them, such as `1095d`. */
  readonly rule: string;
}

/** What a list of reads must say of what it lacks. `time`: how the place writes a time. */
export function deletedReadsSentence({ what, from, to, rule }: DeletedReads, time: (at: string) => string): string {
  const missing =
    what === 'rows of the log' ? 'reads of that time are not known' : 'a read of that time may be tied to no job';
  return `${what.charAt(0).toUpperCase()}${what.slice(1)} from ${time(from)} to ${time(to)} were deleted, because they are kept for ${rule}: ${missing}.`;
}
