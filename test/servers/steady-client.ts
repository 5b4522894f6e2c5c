/** What a consumer observed while its credential was rotated. */
export interface Interruption {
  readonly tries: number;
  readonly failures: number;
  /** The longest time from the last success before a failure to the next success; 0 without a failure. */
  readonly longestMs: number;
}

/**
 * Signs in repeatedly, as fast as possible, with the latest value, until it is stopped. `attempt` rejects if the server
 * refuses it.
 */
export function steadyClient(attempt: () => Promise<void>): { stop: () => Promise<Interruption> } {
  let going = true;
  let [tries, failures, longestMs] = [0, 0, 0];
  let lastSuccess = performance.now();
  let failing = false;
  const work = (async () => {
    while (going) {
      tries += 1;
      try {
        await attempt();
        if (failing) longestMs = Math.max(longestMs, performance.now() - lastSuccess);
        failing = false;
        lastSuccess = performance.now();
      } catch {
        // The interruption is what is measured.
        failures += 1;
        failing = true;
      }
    }
    if (failing) longestMs = Math.max(longestMs, performance.now() - lastSuccess);
  })();
  return {
    stop: async () => {
      going = false;
      await work;
      return { tries, failures, longestMs: Math.round(longestMs) };
    },
  };
}
