import { latestWorks } from './invariants.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** How long readers of the latest version held a dead password, where a provider has a single one: the one window that is unavoidable. */
export interface SinglePasswordWindow {
  longestMs: number;
  /** By secret: since when it is open. */
  readonly openSince: Map<string, number>;
}

/** To be called behind every step that can open or close it. */
export function measureWindow(world: SimulatedWorld, window: SinglePasswordWindow): void {
  for (const binding of world.bindings) {
    if (binding.issuer !== 'single') continue;
    const since = window.openSince.get(binding.name);
    if (since !== undefined) window.longestMs = Math.max(window.longestMs, world.nowMs - since);
    if (latestWorks(world, binding, true) === null) window.openSince.delete(binding.name);
    else if (since === undefined) window.openSince.set(binding.name, world.nowMs);
  }
}
