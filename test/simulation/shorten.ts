import { type HistoryOptions, type HistoryResult, type Trouble, troubles } from './history.ts';
import { runHistory } from './run-history.ts';

/** Finds a short failing history of the same seed: as few troubled steps, then as few kinds of trouble, as still fail. */
export async function shorten(
  seed: number,
  failing: HistoryOptions,
): Promise<{ options: HistoryOptions; result: HistoryResult }> {
  let options = failing;
  let result = await runHistory(seed, options);
  const attempt = async (smaller: HistoryOptions): Promise<boolean> => {
    const tried = await runHistory(seed, smaller);
    if (tried.broken === null || tried.trace().length > result.trace().length) return false;
    options = smaller;
    result = tried;
    return true;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let cut = Math.floor(options.steps / 2); cut >= 1; cut = Math.floor(cut / 2)) {
      while (options.steps >= cut && (await attempt({ ...options, steps: options.steps - cut }))) changed = true;
    }
    for (const trouble of troubles) {
      if (options.without.has(trouble)) continue;
      const without: ReadonlySet<Trouble> = new Set([...options.without, trouble]);
      if (await attempt({ ...options, without })) changed = true;
    }
  }
  return { options, result };
}
