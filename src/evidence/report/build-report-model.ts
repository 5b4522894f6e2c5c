import { type Grade, forgers, gradeGroups, grades } from '../../audit/model/attribution.ts';
import { compareText } from '../../provenance/compare-text.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { compareFindings, type FindingsComparison, type ComparedFinding } from './compare-findings.ts';
import { controlMatrix } from './control-matrix.ts';
import { identityLines, scopeParts } from './describe-scope.ts';
import { firstFigures } from './first-figures.ts';
import { isAboutProduction, productionSecrets } from './production-secrets.ts';
import {
  coverageDays,
  oldValueText,
  rotationLine,
  secretLines,
  uncoveredRuns,
  buildWaterfall,
} from './describe-state.ts';
import { deviationsElsewhere, exceptionLines, severityCounts } from './exception-lines.ts';
import { observeControls, partNames } from './observe-controls.ts';
import { type ReportMaterial, rowCap } from './report-material.ts';
import { queryPaths } from './query-paths.ts';
import { packStatus } from './pack-status.ts';
import { periodLabel } from '../period/parse-period.ts';
import type { Capped, GradeGroup, ReportModel } from './report-model.ts';
import { mapStrings, visibleText } from './visible-text.ts';
import { countText, minuteText, plainTimes, secondText, sharesText } from './wording.ts';

const groupSays = {
  'tied to a job': 'Evidence leads from the read to one attempt of one Gitea job.',
  'explained otherwise': 'A rotation or another recorded act of Keyturn, or the Azure platform.',
  'by a person': 'A person read the value with their own sign-in. Rotation cannot revoke what a person remembers.',
  'not tied': 'Several jobs are possible, none is known, or nothing confirms the one that the read names.',
  suspicious: 'The evidence contradicts itself, or an identity of Keyturn read without a record of it.',
} as const satisfies Record<GradeGroup, string>;

/**
 * Builds the only model of the report, for every framework and format. Pure: the same material produces the same model.
 */
export function buildReportModel(material: ReportMaterial): ReportModel {
  const { period, audited, rotations, now, outcomes } = material;
  const paths = material.files.map(({ path }) => path);
  const frameworks = observeControls(material.catalogue, { audited, outcomes, paths });
  const days = coverageDays(period, audited.coverage);
  const { status, reasons } = packStatus(period, audited, now);
  const { previous } = material;
  const comparison = previous?.findings == null ? null : compareFindings(previous.findings, audited.findings);
  const periodText = `${minuteText(period.from)} to ${minuteText(period.to)}, end excluded`;
  const coverage = {
    covered: countLetters(days, 'c'),
    gaps: countLetters(days, 'g'),
    notRead: countLetters(days, 'n'),
    days,
    gapHours: capped(uncoveredRuns(days), 'coverage.csv'),
  };
  const matrix = controlMatrix(frameworks);
  const model: ReportModel = {
    format: 1,
    identity: identityLines(material, { periodText, status }),
    scope: scopeParts(material),
    figures: firstFigures(material, { frameworks, coverage }),
    matrix,
    previous:
      previous === null
        ? null
        : { pack: previous.pack, made: minuteText(new Date(previous.createdAt)), why: previous.why },
    changes: comparison === null ? null : summarizeChanges(comparison),
    organisation: material.organisation,
    synthetic: material.synthetic,
    status,
    statusReasons: reasons,
    amends: material.amends,
    amendments: material.amendments,
    label: periodLabel(period),
    from: period.from.toISOString(),
    to: period.to.toISOString(),
    periodText,
    createdAt: now.toISOString(),
    createdText: minuteText(now),
    fingerprint: material.fingerprint,
    reads: summarizeReads(material, partNames('retrievals', paths)),
    exceptions: {
      total: audited.findings.length,
      bySeverity: severityCounts(audited.findings),
      listed: capped(
        exceptionLines(audited.findings, frameworks, audited, comparison?.since ?? null),
        'findings.ndjson',
      ),
      elsewhere: deviationsElsewhere(matrix),
    },
    notSeen: audited.access.notSeen.map(({ says }) => says),
    notRead: audited.notRead.map(({ what, from, to, why, state }) => ({
      what,
      when: from === to ? secondText(from) : `${secondText(from)} to ${secondText(to)}`,
      why,
      state: state === 'not-read-yet' ? 'not read yet' : 'can no longer be read',
    })),
    frameworks,
    rotations: summarizeRotations(rotations, material.roster ?? null),
    secrets: capped(secretLines(audited.inventory), 'inventory.ndjson'),
    coverage,
    provenance: describeProvenance(material),
    files: material.files,
    dataManifestSha256: material.dataManifestSha256,
  };
  return mapStrings(model, visibleText);
}

function summarizeChanges({ since, notSeenAgain }: FindingsComparison<ComparedFinding>): ReportModel['changes'] {
  const count = (kind: string) => [...since.values()].filter((one) => one === kind).length;
  const gone = notSeenAgain.map(({ id, severity, subject, description }) => ({
    id,
    severity,
    subject: plainTimes(subject),
    description: plainTimes(description),
  }));
  return {
    new: count('new'),
    recurring: count('recurring'),
    fixed: count('fixed'),
    notSeenAgain: capped(gone, 'findings.ndjson of the previous pack'),
  };
}

function summarizeReads(
  { tally, audited }: Pick<ReportMaterial, 'tally' | 'audited'>,
  allIn: string,
): ReportModel['reads'] {
  const production = productionSecrets(audited.inventory);
  const places = new Map(tally.toLookAt.map(({ grade }) => grade).map((grade, index) => [grade, index]));
  const toLookAt = tally.toLookAt.toSorted(
    (a, b) =>
      (places.get(a.grade) ?? 0) - (places.get(b.grade) ?? 0) ||
      Number(isAboutProduction(b.secret, production)) - Number(isAboutProduction(a.secret, production)),
  );
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
    toLookAt: capped(toLookAt, allIn, tally.toLookAtTotal),
    all: capped(tally.listed, allIn, tally.total),
    readers: capped(tally.readers.slice(0, rowCap), allIn, tally.readers.length),
  };
}

function summarizeRotations(rotations: readonly RotationHistory[], roster: string | null): ReportModel['rotations'] {
  const ends = new Map<string, number>();
  for (const rotation of rotations) ends.set(oldValueText(rotation), (ends.get(oldValueText(rotation)) ?? 0) + 1);
  return {
    roster,
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
