/** The one clock of the embedded cloud: every server's time-stamps and `Date` headers come from it. */
export interface Clock {
  now(): Date;
  /** Jumps to a moment, forwards or back; keeps running from there, or stands still, as before. */
  set(at: Date): void;
  advance(milliseconds: number): void;
  /** `stand` freezes it (a story is replayed), `run` lets it go on at its pace. */
  stand(): void;
  run(): void;
}

/** A clock that starts at `at` (default: the machine's time) and runs, `speed` times as fast as the machine's. */
export function createClock(at: Date = new Date(), speed = 1): Clock {
  let base = at.getTime();
  let since: number | null = performance.now();
  const now = () => base + (since === null ? 0 : (performance.now() - since) * speed);
  return {
    now: () => new Date(now()),
    set(moment) {
      base = moment.getTime();
      if (since !== null) since = performance.now();
    },
    advance(milliseconds) {
      base += milliseconds;
    },
    stand() {
      base = now();
      since = null;
    },
    run() {
      since ??= performance.now();
    },
  };
}
