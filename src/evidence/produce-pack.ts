import type { AuditedPeriod, ReportingPeriod } from '../audit/audited-period.ts';
import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationHistory } from '../rotation/rotation-history.ts';
import { type Software, buildReportModel, rowCap } from './build-report-model.ts';
import { type ControlCatalogue, readControlCatalogue } from './control-catalogue.ts';
import { retrievalFiles, writeStateFiles } from './data-files.ts';
import { openEnvelope, sealEnvelope, statementPayloadType } from './dsse-envelope.ts';
import { type PackSummary, enterPack, listPacks, readPackFile } from './pack-archive.ts';
import { dataManifestOf, manifestOf, statementOf, summaryOf } from './pack-documents.ts';
import { type PackFile, jsonText, sha256, writeJsonFile, writePackFile } from './pack-file.ts';
import { type PackSink, archiveSink, folderSink } from './pack-sink.ts';
import { dataManifestFile, manifestFile, publicKeyFile, sealFile } from './pack-statement.ts';
import { periodLabel } from './parse-period.ts';
import { renderHtml } from './render-html.ts';
import { renderOscal } from './render-oscal.ts';
import { renderPdf } from './render-pdf.ts';
import type { Framework, ReportModel } from './report-model.ts';
import { type RetrievalTally, tallyRetrievals } from './retrieval-tally.ts';
import type { Signer } from './signer.ts';

export interface PackOrder {
  readonly period: ReportingPeriod;
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
  readonly signer: Signer;
  /** The archive; `null` when the pack goes to a folder alone and is chained to nothing. */
  readonly records: RecordStore | null;
  readonly now: Date;
  readonly organisation: string;
  /** Whether what it reports is the embedded cloud's. */
  readonly synthetic: boolean;
  readonly frameworks: readonly Framework[];
  readonly software: Software;
  /** A folder to write the pack into as well. */
  readonly out?: string;
}

/**
 * Makes one sealed pack: data files, report, manifests, statement, seal; then enters it into the archive's index.
 * The seal is written last, so that what was interrupted is no pack. The same order at the same time gives the same bytes,
 * the seal of an ES256 key excepted, and may be given again after a crash.
 * @throws ServiceError `PACK_NOT_WRITTEN`, `PDF_NOT_RENDERED`, `SIGNING_UNREACHABLE`, and what the archive throws.
 */
export async function producePack(order: PackOrder): Promise<PackSummary> {
  const { signer, records } = order;
  const id = packId(order);
  const previous = await packBefore(records, id);
  const sink = sinkOf(order, id);
  const catalogue = await readControlCatalogue(order.frameworks);

  const { tally, files: rows } = await writeDataFiles(sink, order);
  const draft = modelOf(order, catalogue, tally, rows, '');
  const oscal = await writeJsonFile(sink, 'oscal-assessment-results.json', renderOscal(draft), 'The results in OSCAL');
  const data = [...rows, oscal];
  const dataManifestJson = dataManifestOf(id, order, draft, data);
  const dataManifest = await writeJsonFile(sink, dataManifestFile, dataManifestJson, 'Digests of the data files');
  const model = modelOf(order, catalogue, tally, data, dataManifest.sha256);
  const reports = await writeReports(sink, order, model, dataManifestJson);

  const listed = [...data, dataManifest, ...reports];
  const manifest = await writeJsonFile(sink, manifestFile, manifestOf(id, model, listed), 'Digests of all files');
  const statement = statementOf(id, order, model, [...listed, manifest], previous);
  const payload = Buffer.from(canonicalJson(statement));
  await writeSeal(sink, order, id, payload);
  const digests = { manifestSha256: manifest.sha256, statementSha256: sha256(payload) };
  const summary = summaryOf(statement, model, [...listed, manifest], digests);
  if (records !== null) await enterPack(records, signer, summary);
  return summary;
}

/** `2026-Q3.soc2-iso27001.20261003T060000Z`: readable, and the same for the same order at the same time. */
export function packId({ period, frameworks, now }: Pick<PackOrder, 'period' | 'frameworks' | 'now'>): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${periodLabel(period).replaceAll(':', '')}.${frameworks.join('-')}.${time}Z`;
}

function sinkOf({ records, out }: PackOrder, id: string): PackSink {
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

/** Walks the reads once: they are counted and written as they pass. */
async function writeDataFiles(
  sink: PackSink,
  { audited, rotations, period }: PackOrder,
): Promise<{ tally: RetrievalTally; files: PackFile[] }> {
  const tally = tallyRetrievals(period, rowCap);
  const reads = retrievalFiles(sink, audited);
  for await (const attribution of audited.attributions()) {
    tally.add(attribution);
    await reads.add(attribution);
  }
  return {
    tally: tally.result(),
    files: [...(await reads.close()), ...(await writeStateFiles(sink, audited, rotations))],
  };
}

function modelOf(
  order: PackOrder,
  catalogue: ControlCatalogue,
  tally: RetrievalTally,
  files: readonly PackFile[],
  dataManifestSha256: string,
): ReportModel {
  const listed = files.map(({ path, says, bytes, rows, sha256: digest }) => ({
    path,
    says,
    bytes,
    rows,
    sha256: digest,
  }));
  const { fingerprint } = order.signer;
  return buildReportModel({ ...order, tally, catalogue, fingerprint, files: listed, dataManifestSha256 });
}

async function writeReports(
  sink: PackSink,
  { audited, signer }: PackOrder,
  model: ReportModel,
  dataManifest: JsonValue,
): Promise<readonly PackFile[]> {
  const attachments = {
    'data-manifest.json': Buffer.from(jsonText(dataManifest)),
    'findings.ndjson': Buffer.from(audited.findings.map((finding) => jsonText({ ...finding })).join('')),
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

/** A signature may differ from one try to the next: when a crash left a seal of this very statement, that one stands. */
async function writeSeal(
  sink: PackSink,
  { signer, records }: PackOrder,
  id: string,
  payload: Uint8Array,
): Promise<void> {
  const there = records === null ? null : await readPackFile(records, id, sealFile);
  const standing = there === null ? null : openEnvelope(there);
  const stands = standing !== null && Buffer.compare(standing.payload, payload) === 0;
  await sink.write(
    sealFile,
    stands && there !== null ? there : await sealEnvelope(signer, statementPayloadType, payload),
  );
}

/** The newest pack of the archive, or, when this one is in it already, the one before it. */
async function packBefore(records: RecordStore | null, id: string): Promise<PackSummary | null> {
  const packs = records === null ? [] : await listPacks(records);
  const own = packs.findIndex((pack) => pack.id === id);
  return packs[(own === -1 ? packs.length : own) - 1] ?? null;
}
