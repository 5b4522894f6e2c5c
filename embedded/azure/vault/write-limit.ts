import type { Clock } from '../../clock.ts';

const windowMs = 10_000;

export interface WriteLimit {
  /** `null` is without limit. `retryAfterSeconds`: what a refused write is told; `null`, as Azure mostly does, nothing. */
  set(perTenSeconds: number | null, retryAfterSeconds?: number | null): void;
  retryAfterSeconds(): number | null;
  /** Counts a write and says whether it may pass. A refused one does not count. */
  pass(): boolean;
}

/**
 * Allows so many writes in ten seconds.
 * Time goes by the clock or by the machine, whichever is further on: a client that really waits and a story whose
 * clock is moved forward both get through.
 */
export function createWriteLimit(clock: Clock, machineNow: () => number = () => performance.now()): WriteLimit {
  let most: number | null = null;
  let retryAfter: number | null = null;
  let passed: { readonly clock: number; readonly machine: number }[] = [];
  return {
    set(perTenSeconds, retryAfterSeconds = null) {
      most = perTenSeconds;
      retryAfter = retryAfterSeconds;
    },
    retryAfterSeconds: () => retryAfter,
    pass() {
      const now = { clock: clock.now().getTime(), machine: machineNow() };
      passed = passed.filter((one) => now.clock - one.clock < windowMs && now.machine - one.machine < windowMs);
      if (most !== null && passed.length >= most) return false;
      passed.push(now);
      return true;
    },
  };
}
