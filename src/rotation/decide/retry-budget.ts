import { dayMs } from '../../secrets/duration.ts';
/** Tries of one cycle, and daily cycles, before a person must look. Vault's rotation manager uses the same numbers. */
const triesPerCycle = 6;
const cycles = 3;
const longestBackoffMs = 300_000;
const firstBackoffMs = 10_000;

export interface NextTry {
  readonly tries: number;
  readonly cycle: number;
  readonly retryAt: Date;
}

/**
 * When a failed step is tried again: after 10, 20, 40 … seconds, at most five minutes, spread by a fifth either way; after
 * six tries once a day, three days long. `null` when the budget is spent. `random`: from 0 up to 1.
 */
export function nextTry(
  failed: { readonly tries: number; readonly cycle: number },
  now: Date,
  random: number,
): NextTry | null {
  const tries = failed.tries + 1;
  if (tries >= triesPerCycle) {
    const cycle = failed.cycle + 1;
    return cycle > cycles ? null : { tries: 0, cycle, retryAt: new Date(now.getTime() + dayMs) };
  }
  const backoffMs = Math.min(firstBackoffMs * 2 ** (tries - 1), longestBackoffMs);
  return { tries, cycle: failed.cycle, retryAt: spread(now, backoffMs, random) };
}

/** A throttled request costs no try: it was not made. Waits as long as was asked for, else two seconds, and up to two more. */
export function afterThrottling(retryAfterSeconds: number | null, now: Date, random: number): Date {
  return new Date(now.getTime() + Math.round(((retryAfterSeconds ?? 2) + 2 * random) * 1000));
}

function spread(now: Date, milliseconds: number, random: number): Date {
  return new Date(now.getTime() + Math.round(milliseconds * (0.8 + random * 0.4)));
}
