import { keptMs } from '../audit/collection/collect-retrievals.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { countLateRows } from '../audit/period/late-rows.ts';
import { archivePlace, listPacks, type PackSummary } from '../evidence/pack/pack-archive.ts';
import { packRows } from '../evidence/pack/pack-rows.ts';
import { lateRowsMs } from '../evidence/period/due-periods.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Composition } from './composition.ts';
import { reportPeriod } from './report-period.ts';

/**
 * Makes an amendment of each pack whose period got rows after its seal. A pack that was made while rows were still expected
 * is none that anybody relies on, and one that was amended is not looked at again. Returns how many it made.
 */
export async function amendReports(
  ports: Pick<Composition, 'records' | 'policy' | 'settings' | 'signer' | 'now'>,
): Promise<number> {
  const { records, now } = ports;
  const packs = await listPacks(records);
  const amended = new Set(packs.flatMap(({ amends }) => amends ?? []));
  let made = 0;
  for (const pack of packs) {
    const period = { from: new Date(pack.period.from), to: new Date(pack.period.to) };
    if (amended.has(pack.id) || !mayGetRows(period, pack, now())) continue;
    if ((await countLateRows(records, period, await sealedSlices(records, pack.id))) === 0) continue;
    await reportPeriod(ports, { period, frameworks: pack.frameworks });
    made += 1;
  }
  return made;
}

/** No collector reads rows that are older than a workspace keeps them; twice that covers a pause of the service. */
function mayGetRows({ to }: ReportingPeriod, { createdAt }: PackSummary, now: Date): boolean {
  return Date.parse(createdAt) >= to.getTime() + lateRowsMs && now.getTime() - to.getTime() < 2 * keptMs;
}

async function sealedSlices(records: RecordStore, pack: string): Promise<ReadonlySet<string>> {
  const sealed = new Set<string>();
  for await (const { value: row } of packRows(await archivePlace(records, pack), 'slices')) {
    if (typeof row === 'object' && row !== null && 'path' in row && typeof row.path === 'string') sealed.add(row.path);
  }
  return sealed;
}
