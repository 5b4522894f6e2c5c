import type { RecordStore } from '../records/record-store.ts';
import type { PackOrder } from './pack-order.ts';
import { listPacks, type PackSummary } from './pack/pack-archive.ts';

/**
 * What the archive says of a pack that is to be made: which one it amends, if its period was reported before, and which
 * amendments of other periods the report must name because no earlier one could. Part of the order, so that the same order
 * makes the same pack whatever is entered in the meantime.
 */
export async function describeEarlierPacks(
  records: RecordStore,
  { period, frameworks }: Pick<PackOrder, 'period' | 'frameworks'>,
): Promise<Pick<PackOrder, 'amends' | 'amendments'>> {
  const packs = await listPacks(records);
  const isSamePeriod = (one: PackSummary): boolean =>
    one.period.from === period.from.toISOString() && one.period.to === period.to.toISOString();
  const amends = packs.findLast((one) => isSamePeriod(one) && one.frameworks.join() === frameworks.join());
  const newestFirst = packs.findLastIndex((one) => one.amends === undefined);
  const amendments = packs
    .slice(newestFirst + 1)
    .filter((one) => !isSamePeriod(one))
    .map(({ id, amends: amended = '' }) => `${amended} was amended by ${id}.`);
  return { amendments, ...(amends === undefined ? {} : { amends }) };
}
