import { type Grade, gradeGroups } from '../../audit/model/attribution.ts';
import type { ReportMaterial } from './report-material.ts';
import type { Figure, GradeGroup, ReportModel } from './report-model.ts';
import { counted, shareText, sharesText } from './wording.ts';

/** Kinds of reads by the strength of the tie to a job, the strongest first; every grade is in one of them. */
const strengths: readonly {
  readonly name: string;
  readonly group: GradeGroup;
  readonly grades: readonly Grade[];
  readonly description: string;
}[] = [
  {
    name: 'authenticated',
    group: 'tied to a job',
    grades: ['authenticated'],
    description: 'The job proved itself with its own token, or its identity serves that repository alone.',
  },
  {
    name: 'corroborated',
    group: 'tied to a job',
    grades: ['corroborated'],
    description: 'Two sources agree on the job, and another job of the same runner could have forged one.',
  },
  {
    name: 'inferred',
    group: 'tied to a job',
    grades: ['inferred'],
    description: 'Exactly one job that may use the identity was running.',
  },
  {
    name: 'explained otherwise',
    group: 'explained otherwise',
    grades: gradeGroups['explained otherwise'],
    description: 'A recorded act of Keyturn, or the Azure platform.',
  },
  {
    name: 'by a person',
    group: 'by a person',
    grades: gradeGroups['by a person'],
    description: 'A person was signed in. Rotation cannot revoke what a person remembers.',
  },
  {
    name: 'claimed',
    group: 'not tied',
    grades: ['claimed'],
    description: 'The read names a job, and nothing confirms it.',
  },
  {
    name: 'not tied',
    group: 'not tied',
    grades: ['ambiguous', 'unattributed'],
    description: 'Several jobs are possible, or none is known.',
  },
  {
    name: 'suspicious',
    group: 'suspicious',
    grades: gradeGroups.suspicious,
    description: "The evidence contradicts itself, or Keyturn's own identity read without a rotation.",
  },
];

/** The four figures of the first page, each with its denominator. */
export function firstFigures(
  { tally, outcomes }: Pick<ReportMaterial, 'tally' | 'outcomes'>,
  { frameworks, coverage }: Pick<ReportModel, 'frameworks' | 'coverage'>,
): ReportModel['figures'] {
  const countOf = (grades: readonly Grade[]) => grades.reduce((sum, grade) => sum + (tally.byGrade.get(grade) ?? 0), 0);
  const counts = strengths.map(({ grades }) => countOf(grades));
  const shares = sharesText(counts);
  const ended = outcomes.get('old-values-end');
  const rest = frameworks
    .flatMap(({ controls }) => controls.flatMap(({ tests }) => tests))
    .find(({ observation }) => observation.id === 'old-values-end')?.observation.notTested;
  const dead = ended === undefined ? 0 : ended.tested - ended.deviations;
  const hours = coverage.covered + coverage.gaps + coverage.notRead;
  return {
    strength: strengths.map(({ name, group, description }, index) => ({
      name,
      group,
      description,
      count: counts[index] ?? 0,
      of: tally.total,
      unit: 'reads',
      share: shares[index] ?? '–',
      href: group === 'tied to a job' || group === 'explained otherwise' ? '#all-reads' : '#review',
    })),
    persons: figure(
      'by a person',
      countOf(['person']),
      tally.total,
      'reads',
      '#review',
      'Each read by a person is an exception.',
    ),
    oldValues: figure(
      'shown dead',
      dead,
      ended?.population ?? 0,
      'old values replaced',
      '#rotations',
      [
        ...(ended !== undefined && ended.deviations > 0
          ? [`${counted(ended.deviations, 'credential')} not shown to be dead`]
          : []),
        ...(rest == null || dead + (ended?.deviations ?? 0) === (ended?.population ?? 0) ? [] : [rest]),
      ].join('; '),
    ),
    hours: figure(
      'covered',
      coverage.covered,
      hours,
      'hours of the log',
      '#log',
      `${counted(coverage.gaps, 'hour')} not shown to be complete, ${String(coverage.notRead)} not read.`,
    ),
  };
}

function figure(name: string, count: number, of: number, unit: string, href: string, description: string): Figure {
  return { name, count, of, unit, href, description, share: shareText(count, of) };
}
