import { z } from 'zod';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { PackOrder } from './pack-order.ts';
import { archivePlace, listPacks, type PackSummary } from './pack/pack-archive.ts';
import { packRows } from './pack/pack-rows.ts';
import type { ComparedFinding } from './report/compare-findings.ts';
import type { PreviousPack } from './report/report-model.ts';

/**
 * What the archive says of a pack that is to be made: which one it amends, if its period was reported before, which pack
 * it is compared with, and which amendments of other periods the report must name because no earlier one could. Part of
 * the order, so that the same order makes the same pack whatever is entered in the meantime.
 */
export async function describeEarlierPacks(
  records: RecordStore,
  { period, frameworks }: Pick<PackOrder, 'period' | 'frameworks'>,
): Promise<Pick<PackOrder, 'amends' | 'amendments' | 'previous'>> {
  const packs = await listPacks(records);
  const isSamePeriod = (one: PackSummary): boolean =>
    one.period.from === period.from.toISOString() && one.period.to === period.to.toISOString();
  const amends = packs.findLast((one) => isSamePeriod(one) && one.frameworks.join() === frameworks.join());
  const newestFirst = packs.findLastIndex((one) => one.amends === undefined);
  const amendments = packs
    .slice(newestFirst + 1)
    .filter((one) => !isSamePeriod(one))
    .map(({ id, amends: amended = '' }) => `${amended} was amended by ${id}.`);
  const before = packs.findLast((one) => Date.parse(one.period.from) < period.from.getTime());
  return {
    amendments,
    previous: before === undefined ? null : await previousPack(records, before),
    ...(amends === undefined ? {} : { amends }),
  };
}

const findingShape: z.ZodType<ComparedFinding> = z.object({
  id: z.string(),
  // A pack is read by later releases too, whose rules may differ: two texts are compared, and nothing else.
  rule: z.string().transform((rule) => rule as ComparedFinding['rule']),
  severity: z.enum(['high', 'medium', 'low', 'information']),
  subject: z.string(),
  description: z.string(),
  ended: z.object({ at: z.string(), by: z.string() }).nullable(),
});

/** A pack whose files are gone or damaged cannot be compared with: the report then says so. */
async function previousPack(records: RecordStore, { id, label, createdAt }: PackSummary): Promise<PreviousPack> {
  const about = { pack: id, label, createdAt };
  try {
    const findings: ComparedFinding[] = [];
    for await (const { value } of packRows(await archivePlace(records, id), 'findings')) {
      const parsed = findingShape.safeParse(value);
      if (!parsed.success) return { ...about, findings: null, why: 'a row of its findings is not a finding' };
      findings.push(parsed.data);
    }
    return { ...about, findings, why: null };
  } catch (error) {
    if (!ServiceError.is(error, 'PACK_UNREADABLE')) throw error;
    return { ...about, findings: null, why: error.details.reason };
  }
}
