import type { AuditedPeriod } from '../audit/model/audited-period.ts';
import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import { buildReportModel } from './report/build-report-model.ts';
import { type ControlCatalogue, readControlCatalogue } from './report/control-catalogue.ts';
import { applyOwnControls } from './report/own-controls.ts';
import { asJson, findingRows, writeStateFiles } from './pack/data-files.ts';
import { sealEnvelope, statementPayloadType } from './pack/dsse-envelope.ts';
import { observePeriod, type ObservedPeriod } from './pack/observe-period.ts';
import type { PackSummary } from './pack/pack-archive.ts';
import { writeAmendment } from './write-amendment.ts';
import type { PackOrder } from './pack-order.ts';
import { buildDataManifest, buildManifest, buildStatement, buildSummary } from './pack-documents.ts';
import { writeJournalFiles } from './pack/journal-files.ts';
import { type PackFile, jsonText, sha256, sumLines, writeJsonFile, writePackFile } from './pack/pack-file.ts';
import { rowFile } from './pack/row-file.ts';
import { type PackSink, archiveSink, folderSink } from './pack/pack-sink.ts';
import { writeRetentionFiles } from './pack/retention-files.ts';
import { dataManifestFile, manifestFile, publicKeyFile, sealFile, sumsFile } from './pack/pack-statement.ts';
import { periodLabel } from './period/parse-period.ts';
import { renderHtml } from './render/render-html.ts';
import { renderOscal } from './render/render-oscal.ts';
import { renderPdf } from './render/render-pdf.ts';
import { controlTestRows } from './report/control-test-rows.ts';
import type { ReportModel } from './report/report-model.ts';
import { type ChainedPack, sealIntoArchive } from './pack/seal-into-archive.ts';

/**
 * Produces one sealed pack: data files, report, manifests, statement, seal; then enters it into the archive's index.
 * The seal is written last, so an interrupted pack is not a pack. The same order at the same time produces the same
 * bytes (except an ES256 seal), and may be passed again after a crash.
 * @throws ServiceError `PACK_NOT_WRITTEN`, `PDF_NOT_RENDERED`, `SIGNING_UNREACHABLE`, and the archive's errors.
 */
export async function producePack(order: PackOrder): Promise<PackSummary> {
  const id = packId(order);
  const sink = openSink(order, id);
  const catalogue = applyOwnControls(await readControlCatalogue(order.frameworks), order.controls ?? null);

  const { files, ...counted } = await observePeriod(order.audit, sink);
  const states = await writeStateFiles(sink, counted.audited, order.rotations);
  const { files: changes, amends } = await writeAmendment(sink, order, id);
  const told = { ...counted, amends };
  const journals = await writeJournalFiles(sink, order.journals?.() ?? []);
  const retention = await writeRetentionFiles(sink, order.retention ?? { deletions: [], holds: [] });
  const rows = [...files, ...states, ...journals, ...retention, ...changes];
  const draft = buildModel(order, catalogue, told, rows, '');
  const tests = await writeTests(sink, draft);
  const tested = buildModel(order, catalogue, told, [...rows, ...tests], '');
  const oscal = await writeJsonFile(sink, 'oscal-assessment-results.json', renderOscal(tested), 'The results in OSCAL');
  const data = [...rows, ...tests, oscal];
  const dataManifestJson = buildDataManifest(id, order, draft, data);
  const dataManifest = await writeJsonFile(sink, dataManifestFile, dataManifestJson, 'Digests of the data files');
  const model = buildModel(order, catalogue, told, data, dataManifest.sha256);
  const reports = await writeReports(sink, order, { model, audited: counted.audited, dataManifestJson });

  const listed = [...data, dataManifest, ...reports];
  const manifest = await writeJsonFile(sink, manifestFile, buildManifest(id, model, listed), 'Digests of all files');
  const summed = [...listed, manifest];
  const sums = await writePackFile(sink, sumsFile, Buffer.from(sumLines(summed)), 'The digests for sha256sum -c');
  const sealed = [...summed, sums];
  const chainTo = (previous: PackSummary | null): ChainedPack => {
    const statement = buildStatement(id, order, model, sealed, previous);
    const payload = Buffer.from(canonicalJson(statement));
    const digests = { manifestSha256: manifest.sha256, statementSha256: sha256(payload) };
    return { payload, summary: buildSummary(statement, model, sealed, digests) };
  };
  return await seal(order, id, chainTo);
}

async function writeTests(sink: PackSink, model: ReportModel): Promise<readonly PackFile[]> {
  const file = rowFile(sink, {
    name: 'control-tests',
    extension: 'ndjson',
    description: 'Every test with its result, and the controls that rest on it',
  });
  for (const row of controlTestRows(model)) await file.add(canonicalJson(asJson(row)));
  return await file.close();
}

/** `2026-Q3.soc2-iso27001.20261003T060000Z`: readable, and identical for the same order at the same time. */
function packId({ period, frameworks, now }: Pick<PackOrder, 'period' | 'frameworks' | 'now'>): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${periodLabel(period).replaceAll(':', '')}.${frameworks.join('-')}.${time}Z`;
}

function openSink({ records, out }: PackOrder, id: string): PackSink {
  const sinks = [
    ...(records === null ? [] : [archiveSink(records, id)]),
    ...(out === undefined ? [] : [folderSink(out, id)]),
  ];
  return {
    async write(path, bytes) {
      for (const sink of sinks) await sink.write(path, bytes);
    },
  };
}

function buildModel(
  order: PackOrder,
  catalogue: ControlCatalogue,
  counted: Omit<ObservedPeriod, 'files'> & Pick<ReportModel, 'amends'>,
  files: readonly PackFile[],
  dataManifestSha256: string,
): ReportModel {
  const listed = files.map(({ path, description, bytes, rows, sha256: digest }) => ({
    path,
    description,
    bytes,
    rows,
    sha256: digest,
  }));
  const { fingerprint } = order.signer;
  const { amendments = [], previous = null } = order;
  return buildReportModel({
    ...order,
    ...counted,
    amendments,
    previous,
    catalogue,
    fingerprint,
    files: listed,
    dataManifestSha256,
  });
}

async function writeReports(
  sink: PackSink,
  { signer }: PackOrder,
  {
    model,
    audited,
    dataManifestJson,
  }: { readonly model: ReportModel; readonly audited: AuditedPeriod; readonly dataManifestJson: JsonValue },
): Promise<readonly PackFile[]> {
  const attachments = {
    'data-manifest.json': Buffer.from(jsonText(dataManifestJson)),
    'findings.ndjson': Buffer.from(
      findingRows(audited)
        .map((row) => jsonText(asJson(row)))
        .join(''),
    ),
  };
  return [
    await writePackFile(sink, 'report.html', Buffer.from(await renderHtml(model)), 'The report, for browsers'),
    await writePackFile(sink, 'report.pdf', await renderPdf(model, attachments), 'The report, for print'),
    await writePackFile(
      sink,
      publicKeyFile,
      Buffer.from(signer.publicKey),
      'The public key; it proves nothing by itself',
    ),
  ];
}

/**
 * Seals into the archive first, because only the archive decides the pack's predecessor; then into the folder, if one
 * is given.
 */
async function seal(
  { signer, records, out }: PackOrder,
  id: string,
  chainTo: (previous: PackSummary | null) => ChainedPack,
): Promise<PackSummary> {
  const alone = chainTo(null);
  const { summary, envelope } =
    records === null
      ? { ...alone, envelope: await sealEnvelope(signer, statementPayloadType, alone.payload) }
      : await sealIntoArchive({ records, signer, id, chainTo });
  if (out !== undefined) await folderSink(out, id).write(sealFile, envelope);
  return summary;
}
