import { gradeColours } from './grade-colours.ts';
import type { ReportModel } from '../report/report-model.ts';
import { type SvgMarkup, picture, svg } from './svg.ts';
import { countText } from '../report/wording.ts';

const width = 760;
const height = 14;

/** By the names of `figures.strength`. */
const colours: Readonly<Record<string, string>> = {
  authenticated: gradeColours.authenticated,
  corroborated: gradeColours.corroborated,
  inferred: gradeColours.inferred,
  'explained otherwise': gradeColours.rotation,
  'by a person': gradeColours.person,
  claimed: gradeColours.claimed,
  'not tied': gradeColours.unattributed,
  suspicious: gradeColours.contradicted,
};

/** Draws one bar with the shares of reads by strength of the tie. A share that is not zero is always wide enough to see. */
export function sharesChart({ reads, figures }: ReportModel): SvgMarkup {
  const present = figures.strength.filter(({ count }) => count > 0);
  const least = 4;
  const gaps = 2 * Math.max(0, present.length - 1);
  const spare = width - gaps - least * present.length;
  let left = 0;
  const parts = present.map(({ name, count }) => {
    const wide = least + (count / reads.total) * spare;
    const part = svg(
      'rect',
      { x: left, y: 0, width: wide, height, class: `p-${name.replaceAll(' ', '-')}`, fill: colours[name] ?? '#8d93a1' },
      [svg('title', {}, [`${name}: ${countText(count)}`])],
    );
    left += wide + 2;
    return part;
  });
  const description = figures.strength
    .map(({ name, count, share }) => `${name}: ${countText(count)}, ${share}`)
    .join('; ');
  return picture(
    {
      id: 'chart-shares',
      width,
      height,
      title: 'Reads by strength of the tie',
      description: `${description}.`,
      stretch: true,
    },
    parts,
  );
}
