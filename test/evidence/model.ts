import { buildReportModel, rowCap } from '../../src/evidence/report/build-report-model.ts';
import { readControlCatalogue } from '../../src/evidence/report/control-catalogue.ts';
import type { PackOrder } from '../../src/evidence/pack-order.ts';
import type { ReportModel } from '../../src/evidence/report/report-model.ts';
import { tallyRetrievals } from '../../src/evidence/report/retrieval-tally.ts';
import { runControlTests } from '../../src/evidence/tests/run-control-tests.ts';
import { orderOf } from './order.ts';

/** The model of the story's month, without a pack around it. */
export async function modelOfStory(change: Partial<PackOrder> = {}): Promise<ReportModel> {
  const order = orderOf(change);
  const tally = tallyRetrievals(order.period, rowCap);
  const tests = runControlTests({ audited: order.audited, rotations: order.rotations }, () => undefined);
  for await (const event of order.audited.events()) {
    tests.event(event);
    if (event.attribution !== null) tally.add(event.attribution);
  }
  for await (const day of order.audited.secretDays()) tests.secretDay(day);
  const files = [
    { path: 'retrievals.ndjson', description: 'Every read', bytes: 1000, rows: 400, sha256: 'a'.repeat(64) },
  ];
  return buildReportModel({
    ...order,
    tally: tally.result(),
    outcomes: tests.finish(),
    catalogue: await readControlCatalogue(order.frameworks),
    fingerprint: order.signer.fingerprint,
    files,
    dataManifestSha256: 'b'.repeat(64),
    amends: null,
    amendments: [],
  });
}
