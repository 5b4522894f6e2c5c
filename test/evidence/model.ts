import { observePeriod } from '../../src/evidence/pack/observe-period.ts';
import { buildReportModel } from '../../src/evidence/report/build-report-model.ts';
import { readControlCatalogue } from '../../src/evidence/report/control-catalogue.ts';
import { applyOwnControls } from '../../src/evidence/report/own-controls.ts';
import type { ReportModel } from '../../src/evidence/report/report-model.ts';
import { orderOf } from './order.ts';

/** The model of the story's month, without a pack around it. */
export async function modelOfStory(
  change: Parameters<typeof orderOf>[0] = {},
  files: ReportModel['files'] = [
    { path: 'retrievals.ndjson', description: 'Every read', bytes: 1000, rows: 400, sha256: 'a'.repeat(64) },
  ],
): Promise<ReportModel> {
  const order = orderOf(change);
  const sink = { write: async () => await Promise.resolve() };
  const { files: _, ...observed } = await observePeriod(order.audit, sink);
  return buildReportModel({
    ...order,
    ...observed,
    catalogue: applyOwnControls(await readControlCatalogue(order.frameworks), order.controls ?? null),
    fingerprint: order.signer.fingerprint,
    files,
    dataManifestSha256: 'b'.repeat(64),
    previous: order.previous ?? null,
    amends: null,
    amendments: [],
  });
}
