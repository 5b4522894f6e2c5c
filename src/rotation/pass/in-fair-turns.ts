import type { RotationTools } from '../rotation-tools.ts';

/** How often one item is taken up again within a pass after a vault refused it for the moment. */
const mostTurns = 30;

/**
 * Calls `work` for every item, in order, so many at a time. `work` returns until when, by our clock, a vault asks to be left
 * alone: then every item that needs one of the same vaults is passed over until that time, the others go on, and the item has
 * another turn. Resolves when all are done or the pass is over. `end`: on the clock that is never set.
 * After a rejection no further item is begun, and it is thrown when those under way have ended.
 */
export async function inFairTurns<Item>(
  { wait, monotonicMs, now }: Pick<RotationTools, 'wait' | 'monotonicMs' | 'now'>,
  items: readonly Item[],
  options: { readonly atATime: number; readonly end: number; readonly needs: (item: Item) => readonly string[] },
  work: (item: Item) => Promise<Date | null>,
): Promise<void> {
  const { atATime, end, needs } = options;
  const queue = items.map((item) => ({ item, turns: 0 }));
  const pausedUntil = new Map<string, number>();
  const readyAt = (item: Item) => Math.max(0, ...needs(item).map((vault) => pausedUntil.get(vault) ?? 0));
  let failed = false;
  const results = await Promise.allSettled(Array.from({ length: Math.min(atATime, items.length) }, takeTurns));
  for (const result of results) if (result.status === 'rejected') throw result.reason;

  async function takeTurns(): Promise<void> {
    while (queue.length > 0 && !failed && monotonicMs() < end) {
      const at = queue.findIndex(({ item }) => readyAt(item) <= monotonicMs());
      if (at < 0) {
        const next = Math.min(...queue.map(({ item }) => readyAt(item)));
        if (wait === undefined || next >= end) return;
        await wait(next - monotonicMs());
        continue;
      }
      const [turn] = queue.splice(at, 1);
      if (turn !== undefined) await take(turn);
    }
  }

  async function take(turn: { item: Item; turns: number }): Promise<void> {
    let until: Date | null;
    try {
      until = await work(turn.item);
    } catch (error) {
      failed = true;
      throw error;
    }
    if (until === null) return;
    const resume = monotonicMs() + Math.max(0, until.getTime() - now().getTime());
    for (const vault of needs(turn.item)) pausedUntil.set(vault, Math.max(pausedUntil.get(vault) ?? 0, resume));
    if (turn.turns + 1 < mostTurns) queue.push({ item: turn.item, turns: turn.turns + 1 });
  }
}
