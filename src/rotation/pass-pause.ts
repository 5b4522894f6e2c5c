import type { Rotation } from './rotation.ts';
import type { RotationTools } from './rotation-tools.ts';

/**
 * Keeps one pass under a vault's limit. Who is throttled speaks for all: a subscription's limits are shared, and each further
 * request would cost a journal entry to be refused again. Between instances the journal's `retryAt` does the same.
 */
export interface PassPause {
  /** Resolves when nobody has been asked to wait any more. */
  over(): Promise<void>;
  /**
   * Waits with a rotation that a vault refused for the moment, and says whether it is worth going on: not when it rests for
   * another reason, nor when its time comes behind the end of the pass.
   */
  outlasts(rotation: Rotation): Promise<boolean>;
}

/** `end`: of the pass, on the clock that is never set. */
export function passPause(tools: RotationTools, end: number): PassPause {
  const { wait, monotonicMs, now } = tools;
  let until = 0;
  const over = async () => {
    while (wait !== undefined && monotonicMs() < until) await wait(until - monotonicMs());
  };
  return {
    over,
    async outlasts({ state, failure, retryAt }) {
      if (wait === undefined || state !== 'retry-wait' || failure !== 'VAULT_THROTTLED' || retryAt === null)
        return false;
      const from = monotonicMs() + Math.max(0, retryAt.getTime() - now().getTime());
      if (from >= end) return false;
      until = Math.max(until, from);
      await over();
      return true;
    },
  };
}
