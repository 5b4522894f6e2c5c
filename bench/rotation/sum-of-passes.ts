import type { Measured } from './worker-messages.ts';

/** The timer runs every five minutes, so work that one pass leaves waits that long. */
const timerSeconds = 300;

/** The total of several passes of one worker. */
export interface Passes {
  readonly passes: number;
  /** Includes the timer's interval for each pass after the first, without actually waiting. */
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakBytes: number;
  /** Faults that prevented rotations, such as `vault/name: CODE`. */
  readonly faults: readonly string[];
}

/** `passes`: at least one, in order. */
export function sumOfPasses(passes: readonly Measured[]): Passes {
  const sum = (of: (one: Measured) => number) => passes.reduce((total, one) => total + of(one), 0);
  return {
    passes: passes.length,
    seconds: sum(({ seconds }) => seconds) + (passes.length - 1) * timerSeconds,
    processorSeconds: sum(({ processorSeconds }) => processorSeconds),
    peakBytes: Math.max(...passes.map(({ peakBytes }) => peakBytes)),
    faults: passes.flatMap(({ faults }) => faults),
  };
}
