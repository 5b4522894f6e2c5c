import { gradeColours } from './grade-colours.ts';
import type { GradeGroup, ReportModel } from '../report/report-model.ts';
import { type SvgMarkup, picture, svg } from './svg.ts';
import { countText } from '../report/wording.ts';

const width = 760;
const height = 14;

const groupColours = {
  'tied to a job': gradeColours.authenticated,
  'explained otherwise': gradeColours.rotation,
  'by a person': gradeColours.person,
  'not tied': gradeColours.unattributed,
  suspicious: gradeColours.contradicted,
} as const satisfies Record<GradeGroup, string>;

/**
 * Draws one bar with the shares of reads of each group: tied to a job, explained otherwise, by a person, not tied, suspicious. A share
 * that is not zero is always wide enough to see.
 */
export function sharesChart({ reads }: ReportModel): SvgMarkup {
  const present = reads.groups.filter(({ count }) => count > 0);
  const least = 4;
  const gaps = 2 * Math.max(0, present.length - 1);
  const spare = width - gaps - least * present.length;
  let left = 0;
  const parts = present.map(({ group, count }) => {
    const wide = least + (count / reads.total) * spare;
    const part = svg(
      'rect',
      { x: left, y: 0, width: wide, height, class: `p-${group.replaceAll(' ', '-')}`, fill: groupColours[group] },
      [svg('title', {}, [`${group}: ${countText(count)}`])],
    );
    left += wide + 2;
    return part;
  });
  const description = reads.groups
    .map(({ group, count, share }) => `${group}: ${countText(count)}, ${share}`)
    .join('; ');
  return picture(
    { id: 'chart-shares', width, height, title: 'Reads by kind', description: `${description}.`, stretch: true },
    parts,
  );
}
