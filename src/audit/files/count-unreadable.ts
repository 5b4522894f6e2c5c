/** Rows that cannot be parsed for one reason. */
export interface UnreadableRows {
  readonly reason: string;
  readonly count: number;
  /** The place of the first one. */
  readonly first: string;
}

/** Counts rows that cannot be parsed by their reason, in the order in which each reason came up first. */
export function countUnreadable(): {
  add(place: string, reason: string, count?: number): void;
  all(): readonly UnreadableRows[];
} {
  const reasons = new Map<string, { count: number; readonly first: string }>();
  return {
    add(place, reason, count = 1) {
      const known = reasons.get(reason);
      if (known === undefined) reasons.set(reason, { count, first: place });
      else known.count += count;
    },
    all: () => [...reasons].map(([reason, { count, first }]) => ({ reason, count, first })),
  };
}

/** `rows.ndjson:3 and 99 more: it has no HttpStatusCode`. */
export function describeUnreadable({ reason, count, first }: UnreadableRows): string {
  return `${first}${count === 1 ? '' : ` and ${String(count - 1)} more`}: ${reason}`;
}
