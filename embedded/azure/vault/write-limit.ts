import type { Clock } from '../../clock.ts';

const windowMs = 10_000;

export interface WriteLimit {
  /**
   * `null` means no limit. `retryAfterSeconds`: the Retry-After of a refused write; `null` omits it, as Azure mostly
   * does.
   */
  set(perTenSeconds: number | null, retryAfterSeconds?: number | null): void;
  retryAfterSeconds(): number | null;
  /** Counts a write and returns whether it may pass. A refused write does not count. */
  pass(): boolean;
}

/**
 * Limits the number of writes in ten seconds. Time is the later of the embedded clock and the machine's, so that both a
 * client that really waits and a story that moves the clock get through.
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
