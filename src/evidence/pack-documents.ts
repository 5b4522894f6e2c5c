import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import type { PackSummary } from './pack/pack-archive.ts';
import type { PackFile } from './pack/pack-file.ts';
import { type DataManifest, type Manifest, type PackStatement, packPredicateType } from './pack/pack-statement.ts';
import type { PackOrder } from './pack-order.ts';
import type { ReportModel } from './report/report-model.ts';

/** Builds `data-manifest.json`, which the PDF attaches and the footers name. */
export function buildDataManifest(
  pack: string,
  order: PackOrder,
  { status }: ReportModel,
  files: readonly PackFile[],
): DataManifest {
  return {
    format: 1,
    pack,
    organisation: order.organisation,
    period: bounds(order.period),
    frameworks: [...order.frameworks],
    createdAt: order.now.toISOString(),
    synthetic: order.synthetic,
    status,
    files: files.map((file) => ({ ...file, rowDigests: [...file.rowDigests] })),
  };
}

/** `manifest.json`: every file except itself, `SHA256SUMS` and the seal. */
export function buildManifest(pack: string, { synthetic, status }: ReportModel, files: readonly PackFile[]): Manifest {
  return {
    format: 1,
    pack,
    synthetic,
    status,
    files: files.map(({ path, mediaType, bytes, sha256 }) => ({ path, mediaType, bytes, sha256 })),
  };
}

/** Builds the statement that the seal signs. `files`: all files of the manifest, the manifest, and `SHA256SUMS`. */
export function buildStatement(
  pack: string,
  order: PackOrder,
  model: ReportModel,
  files: readonly PackFile[],
  previous: PackSummary | null,
): PackStatement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    predicateType: packPredicateType,
    predicate: {
      format: 1,
      pack,
      organisation: order.organisation,
      period: bounds(order.period),
      frameworks: [...order.frameworks],
      status: model.status,
      statusReasons: [...model.statusReasons],
      synthetic: order.synthetic,
      createdAt: order.now.toISOString(),
      software: `Keyturn ${order.software.version}`,
      dataManifestSha256: model.dataManifestSha256,
      reads: { total: model.reads.total, grades: gradeCounts(model) },
      findings: model.exceptions.total,
      previous: previous === null ? null : linkTo(previous),
      ...(order.amends === undefined ? {} : { amends: linkTo(order.amends) }),
    },
  };
}

/** Builds the pack's entry in the archive's index. */
export function buildSummary(
  { predicate }: PackStatement,
  model: ReportModel,
  files: readonly PackFile[],
  digests: { readonly manifestSha256: string; readonly statementSha256: string },
): PackSummary {
  const {
    pack: id,
    organisation,
    period,
    frameworks,
    status,
    synthetic,
    createdAt,
    reads,
    findings,
    previous,
    amends,
  } = predicate;
  return {
    id,
    label: model.label,
    organisation,
    period,
    frameworks,
    status,
    synthetic,
    createdAt,
    // The statement cannot count its own seal.
    files: files.length + 1,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    reads,
    findings,
    ...digests,
    fingerprint: model.fingerprint,
    previous: previous?.pack ?? null,
    ...(amends === undefined ? {} : { amends: amends.pack }),
  };
}

function linkTo({ id, statementSha256 }: PackSummary): { pack: string; statementSha256: string } {
  return { pack: id, statementSha256 };
}

function gradeCounts({ reads }: ReportModel): Record<string, number> {
  return Object.fromEntries(reads.grades.filter(({ count }) => count > 0).map(({ grade, count }) => [grade, count]));
}

function bounds({ from, to }: ReportingPeriod): { from: string; to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
