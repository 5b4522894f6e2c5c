import type { HistoryOptions } from './history.ts';
import { runHistory } from './run-history.ts';
import { shorten } from './shorten.ts';

/** Histories to play, by seed: `first`, `first + 1`, … */
export interface SeedRange {
  readonly first: number;
  readonly histories: number;
  readonly options: HistoryOptions;
  /** Whether to go on behind a history that fails. */
  readonly keepGoing: boolean;
  /** Whether to look for the shortest trace of one that fails. */
  readonly shortest: boolean;
}

/** What was played since the last news. */
export interface News {
  readonly played: number;
  readonly calls: number;
  /** Longest time for which readers of a single password held a dead one. */
  readonly windowMs: number;
  /** How often somebody else published at the very moment of a revocation. */
  readonly races: number;
  /** Lines to print for a history that failed. */
  readonly failure: readonly string[] | null;
}

/** Plays a range of histories, with news every hundred of them and of each that fails. */
export async function playRange(range: SeedRange, tell: (news: News) => void): Promise<void> {
  const nothing = { played: 0, calls: 0, windowMs: 0, races: 0 };
  let sum = nothing;
  const last = range.first + range.histories - 1;
  for (let seed = range.first; seed <= last; seed += 1) {
    const { broken, calls, windowMs, races } = await runHistory(seed, range.options);
    sum = {
      played: sum.played + 1,
      calls: sum.calls + calls,
      windowMs: Math.max(sum.windowMs, windowMs),
      races: sum.races + races,
    };
    if (broken === null && sum.played < 100 && seed < last) continue;
    tell({ ...sum, failure: broken === null ? null : await told(seed, broken, range) });
    if (broken !== null && !range.keepGoing) return;
    sum = nothing;
  }
}

async function told(seed: number, broken: string, { options, shortest }: SeedRange): Promise<readonly string[]> {
  const says = `Seed ${String(seed)} fails: ${broken}`;
  if (!shortest) return [says];
  const { options: left, result } = await shorten(seed, options);
  const without = [...left.without].join(', ') || 'leaving anything out';
  return [
    `Seed ${String(seed)} fails: ${result.broken ?? broken}`,
    `Shortest trace: ${String(left.steps)} troubled steps without ${without}:`,
    ...result.trace().map((line) => `  ${line}`),
  ];
}
