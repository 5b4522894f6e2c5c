import { canonicalJson } from '../provenance/canonical-json.ts';
import type { PackOrder } from './pack-order.ts';
import type { ReportModel } from './report/report-model.ts';
import { counted } from './report/wording.ts';
import { asJson } from './pack/data-files.ts';
import { archivePlace } from './pack/pack-archive.ts';
import type { PackFile } from './pack/pack-file.ts';
import { rowFile } from './pack/row-file.ts';
import type { PackSink } from './pack/pack-sink.ts';
import { changesName, compareReads } from './pack/read-changes.ts';

/**
 * Compares an amendment with the pack that it amends, and writes what changed. `id`: the amendment, whose reads are written.
 * @throws ServiceError `PACK_UNREADABLE` if files of the amended pack are missing, and the archive's errors.
 */
export async function writeAmendment(
  sink: PackSink,
  { records, amends }: PackOrder,
  id: string,
): Promise<{ readonly files: readonly PackFile[]; readonly amends: ReportModel['amends'] }> {
  if (records === null || amends === undefined) return { files: [], amends: null };
  const file = rowFile(sink, {
    name: changesName,
    extension: 'ndjson',
    description: `Every read that differs from ${amends.id}`,
  });
  const counts = { arrived: 0, left: 0, regraded: 0 };
  for await (const change of compareReads(await archivePlace(records, amends.id), await archivePlace(records, id))) {
    counts[change.change] += 1;
    await file.add(canonicalJson(asJson(change)));
  }
  const description = `Amends ${amends.id}: ${describeCounts(counts)}.`;
  return { files: await file.close(), amends: { pack: amends.id, ...counts, description } };
}

function describeCounts({ arrived, left, regraded }: { arrived: number; left: number; regraded: number }): string {
  const parts = [
    `${counted(arrived, 'read')} arrived after its seal`,
    ...(left === 0 ? [] : [`${counted(left, 'read')} no longer counted`]),
    `${counted(regraded, 'grade')} changed`,
  ];
  return parts.join(', ');
}
