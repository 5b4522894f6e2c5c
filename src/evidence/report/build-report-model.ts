import { type Grade, forgers, gradeGroups, grades } from '../../audit/model/attribution.ts';
import type { AuditedPeriod, ReportingPeriod } from '../../audit/model/audited-period.ts';
import { compareText } from '../../provenance/compare-text.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { ControlCatalogue } from './control-catalogue.ts';
import {
  coverageDays,
  oldValueText,
  rotationLine,
  secretLines,
  uncoveredRuns,
  buildWaterfall,
} from './describe-state.ts';
import { exceptionLines, severityCounts } from './exception-lines.ts';
import { observeControls, partNames } from './observe-controls.ts';
import type { TestOutcomes } from '../tests/run-control-tests.ts';
import { queryPaths } from './query-paths.ts';
import { packStatus } from './pack-status.ts';
import { periodLabel } from '../period/parse-period.ts';
import type { Capped, GradeGroup, PackFileLine, ReportModel } from './report-model.ts';
import type { RetrievalTally } from './retrieval-tally.ts';
import { mapStrings, visibleText } from './visible-text.ts';
import { countText, minuteText, secondText, sharesText } from './wording.ts';

/** The most rows of a table in HTML and PDF; beyond this, readers search the data files instead. */
export const rowCap = 1_000;

export interface Software {
  readonly version: string;
  /** Further facts about the build, such as its commit; printed unchanged. */
  readonly facts?: Readonly<Record<string, string>>;
}

export interface ReportMaterial {
  readonly period: ReportingPeriod;
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
  readonly tally: RetrievalTally;
  readonly outcomes: TestOutcomes;
  readonly catalogue: ControlCatalogue;
  readonly organisation: string;
  readonly synthetic: boolean;
  readonly software: Software;
  readonly fingerprint: string;
  readonly now: Date;
  readonly files: readonly PackFileLine[];
  readonly dataManifestSha256: string;
  /** What this pack amends; `null` if it is the first of its period. */
  readonly amends: ReportModel['amends'];
  /** Amendments of other periods since the report before this one. */
  readonly amendments: ReportModel['amendments'];
}

const groupSays = {
  'tied to a job': 'Evidence leads from the read to one attempt of one Gitea job.',
  'explained otherwise': 'A Keyturn rotation, or the Azure platform.',
  'by a person': 'A person read the value with their own sign-in. Rotation cannot revoke what a person remembers.',
  'not tied': 'Several jobs are possible, none is known, or nothing confirms the one that the read names.',
  suspicious: "The evidence contradicts itself, or Keyturn's own identity read without a rotation.",
} as const satisfies Record<GradeGroup, string>;

/**
 * Builds the only model of the report, for every framework and format. Pure: the same material produces the same model.
 */
export function buildReportModel(material: ReportMaterial): ReportModel {
  const { period, audited, rotations, tally, now, outcomes } = material;
  const paths = material.files.map(({ path }) => path);
  const frameworks = observeControls(material.catalogue, { audited, outcomes, paths });
  const days = coverageDays(period, audited.coverage);
  const { status, reasons } = packStatus(period, audited, now);
  const model: ReportModel = {
    format: 1,
    organisation: material.organisation,
    synthetic: material.synthetic,
    status,
    statusReasons: reasons,
    amends: material.amends,
    amendments: material.amendments,
    label: periodLabel(period),
    from: period.from.toISOString(),
    to: period.to.toISOString(),
    periodText: `${minuteText(period.from)} to ${minuteText(period.to)}, end excluded`,
    createdAt: now.toISOString(),
    createdText: minuteText(now),
    fingerprint: material.fingerprint,
    reads: summarizeReads(tally, partNames('retrievals', paths)),
    exceptions: {
      total: audited.findings.length,
      bySeverity: severityCounts(audited.findings),
      listed: capped(exceptionLines(audited.findings, frameworks, audited), 'findings.ndjson'),
    },
    notSeen: audited.access.notSeen,
    notRead: audited.notRead.map(({ what, from, to, why, state }) => ({
      what,
      when: from === to ? secondText(from) : `${secondText(from)} to ${secondText(to)}`,
      why,
      state: state === 'not-read-yet' ? 'not read yet' : 'can no longer be read',
    })),
    frameworks,
    rotations: summarizeRotations(rotations),
    secrets: capped(secretLines(audited.inventory), 'inventory.ndjson'),
    coverage: {
      covered: countLetters(days, 'c'),
      gaps: countLetters(days, 'g'),
      notRead: countLetters(days, 'n'),
      days,
      gapHours: capped(uncoveredRuns(days), 'coverage.csv'),
    },
    provenance: describeProvenance(material),
    files: material.files,
    dataManifestSha256: material.dataManifestSha256,
  };
  return mapStrings(model, visibleText);
}

function summarizeReads(tally: RetrievalTally, allIn: string): ReportModel['reads'] {
  const countOf = (grade: Grade): number => tally.byGrade.get(grade) ?? 0;
  const groupOf = new Map<Grade, GradeGroup>();
  for (const [group, members] of Object.entries(gradeGroups)) {
    for (const grade of members) groupOf.set(grade, group as GradeGroup); // The names of gradeGroups are GradeGroup by definition.
  }
  const counts = [...new Set(groupOf.values())].map((group) => ({
    group,
    count: gradeGroups[group].reduce((sum, grade) => sum + countOf(grade), 0),
  }));
  const shares = sharesText(counts.map(({ count }) => count));
  const groups = counts.map(({ group, count }, index) => ({
    group,
    count,
    share: shares[index] ?? '–',
    description: groupSays[group],
  }));
  return {
    total: tally.total,
    groups,
    grades: grades.map((grade) => ({
      grade,
      group: groupOf.get(grade) ?? 'not tied',
      count: countOf(grade),
      forgers: forgers[grade],
      reasons: [...(tally.byReason.get(grade) ?? [])]
        .map(([reason, count]) => ({ reason, count }))
        .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)),
    })),
    bars: tally.bars,
    toLookAt: capped(tally.toLookAt, allIn, tally.toLookAtTotal),
    all: capped(tally.listed, allIn, tally.total),
    readers: capped(tally.readers.slice(0, rowCap), allIn, tally.readers.length),
  };
}

function summarizeRotations(rotations: readonly RotationHistory[]): ReportModel['rotations'] {
  const ends = new Map<string, number>();
  for (const rotation of rotations) ends.set(oldValueText(rotation), (ends.get(oldValueText(rotation)) ?? 0) + 1);
  return {
    published: rotations.filter((rotation) => rotation.publishedAt !== null).length,
    ends: [...ends]
      .map(([end, count]) => ({ end, count }))
      .sort((a, b) => b.count - a.count || (a.end < b.end ? -1 : 1)),
    listed: capped(rotations.toSorted(newestFirst).map(rotationLine), 'rotations.ndjson'),
  };
}

/** Those that wait for a person first, then the newest. */
function newestFirst(one: RotationHistory, other: RotationHistory): number {
  const waits = ({ state }: RotationHistory): number => (state.startsWith('awaiting') ? 0 : 1);
  return waits(one) - waits(other) || compareText(other.claimedAt, one.claimedAt);
}

function describeProvenance({
  audited,
  tally,
  software,
  catalogue,
  files: packFiles,
}: ReportMaterial): ReportModel['provenance'] {
  const { steps, addsUp } = buildWaterfall(audited, tally.total);
  const files = queryPaths(audited.queries);
  const paths = packFiles.map(({ path }) => path);
  return {
    vaults: audited.vaults,
    software: [
      { name: 'Keyturn', value: software.version },
      { name: 'Control mapping', value: catalogue.version },
      ...Object.entries(software.facts ?? {}).map(([name, value]) => ({ name, value })),
    ],
    queries: audited.queries.map((query) => ({
      ...query,
      controlTotal: query.controlTotal === null ? 'none' : countText(query.controlTotal),
      file: files.get(query.sha256) ?? '',
    })),
    exclusionsFile: partNames('exclusions', paths),
    waterfall: steps,
    waterfallAddsUp: addsUp,
    slices: capped(audited.slices, 'data-manifest.json'),
    receipts: audited.receipts,
    jobs: audited.jobs,
    unreadableRows: capped(audited.unreadableRows, 'unreadable-rows.ndjson'),
  };
}

/** Limits a table to its first rows, with a note of the total and of the file that contains all. */
function capped<Row>(rows: readonly Row[], allIn: string, total = rows.length): Capped<Row> {
  const shown = rows.slice(0, rowCap);
  const note = shown.length === total ? null : `${countText(shown.length)} of ${countText(total)}; all in ${allIn}`;
  return { rows: shown, total, note };
}

function countLetters(days: readonly { readonly hours: string }[], letter: string): number {
  return days.reduce((sum, { hours }) => sum + hours.split(letter).length - 1, 0);
}
