import { z } from 'zod';
import { keptMs } from '../audit/collection/collect-retrievals.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { jobShape } from '../audit/model/job-shape.ts';
import { sealedEvidence } from '../audit/shares/late-evidence.ts';
import { countLateRows } from '../audit/period/late-rows.ts';
import { archivePlace, listPacks, type PackSummary } from '../evidence/pack/pack-archive.ts';
import { packRows } from '../evidence/pack/pack-rows.ts';
import { lateRowsMs } from '../evidence/period/due-periods.ts';
import { checkRecord } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Composition } from './composition.ts';
import { reportPeriod } from './report-period.ts';

/**
 * Makes an amendment of each pack whose period got rows, jobs or receipts after its seal. A pack that was made while rows were still expected
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
    if (amended.has(pack.id) || !isLookedAt(period, pack, now())) continue;
    if (!(await hasLateEvidence(records, period, pack.id))) continue;
    await reportPeriod(ports, { period, frameworks: pack.frameworks });
    made += 1;
  }
  return made;
}

/**
 * Each pack is looked at every day while a workspace may still give rows of its period: twice the time that it keeps them, for a
 * pause of the service. An archive in a storage account, and Gitea, may give older ones: older packs are looked at on Mondays.
 */
function isLookedAt({ to }: ReportingPeriod, { createdAt }: PackSummary, now: Date): boolean {
  if (Date.parse(createdAt) < to.getTime() + lateRowsMs) return false;
  return now.getTime() - to.getTime() < 2 * keptMs || now.getUTCDay() === 1;
}

async function hasLateEvidence(records: RecordStore, period: ReportingPeriod, pack: string): Promise<boolean> {
  if ((await countLateRows(records, period, await sealedSlices(records, pack))) > 0) return true;
  const place = await archivePlace(records, pack);
  const sealed = sealedEvidence();
  for await (const { path, row, value } of packRows(place, 'jobs'))
    sealed.job(checkRecord(jobRow, value, path, `row ${String(row)}`));
  for await (const { path, row, value } of packRows(place, 'receipts'))
    sealed.receipt(checkRecord(receiptRow, value, path, `row ${String(row)}`));
  return await sealed.isBehind(records, period);
}

const jobRow = z.intersection(jobShape, z.object({ logReadWhole: z.boolean() }));
const receiptRow = z.object({ reference: z.string(), requests: z.array(z.string()) });

async function sealedSlices(records: RecordStore, pack: string): Promise<ReadonlySet<string>> {
  const sealed = new Set<string>();
  for await (const { value: row } of packRows(await archivePlace(records, pack), 'slices')) {
    if (typeof row === 'object' && row !== null && 'path' in row && typeof row.path === 'string') sealed.add(row.path);
  }
  return sealed;
}
