import type { Dice } from './dice.ts';
import type { Allowances } from './invariants.ts';
import type { Fate, Scheduler } from './scheduler.ts';
import type { SimulatedWorld } from './simulated-world.ts';
import type { SinglePasswordWindow } from './single-password-window.ts';

/** Everything that can go wrong between steps; each can be switched off to find the shortest failing history. */
export const troubles = [
  'answer-lost',
  'unreachable',
  'throttled',
  'late',
  'dies-before',
  'dies-behind',
  'stalls',
  'terraform',
  'clock-jump',
  'journal-set-back',
  'planted',
  'slow-provider',
  'policy-refusal',
  'wrong-credential',
  'roll-back',
] as const;
export type Trouble = (typeof troubles)[number];

export interface HistoryOptions {
  /** Steps of trouble before the world becomes fair. */
  readonly steps: number;
  readonly without: ReadonlySet<Trouble>;
}

export interface HistoryResult {
  /** What is broken, or `null`. */
  readonly broken: string | null;
  /** What happened, one line a step. */
  trace(): readonly string[];
  readonly calls: number;
  /** Longest time for which readers of a single password held a dead one. */
  readonly windowMs: number;
  /** How often somebody else published at the very moment of a revocation. */
  readonly races: number;
}

/** Written as a line only when somebody asks: most histories are never read. */
export interface Happening {
  readonly atMs: number;
  readonly says: string;
  readonly fate: Fate;
}

export interface History {
  readonly dice: Dice;
  readonly world: SimulatedWorld;
  readonly scheduler: Scheduler;
  readonly trace: Happening[];
  readonly allowances: Allowances;
  readonly rates: ReadonlyMap<Trouble, number>;
  readonly window: SinglePasswordWindow;
  calls: number;
  lastServed: string;
  broken: string | null;
  snapshot: Map<string, { bytes: Uint8Array; revision: string }> | null;
}

/** Adds a line to what happened. */
export function note({ trace, world }: History, says: string): void {
  trace.push({ atMs: world.nowMs, says, fate: 'served' });
}

export function lineOf({ atMs, says, fate }: Happening): string {
  const stamp = new Date(atMs).toISOString().slice(5, 19);
  return `${stamp} ${says}${fate === 'served' ? '' : ` → ${fate}`}`;
}
