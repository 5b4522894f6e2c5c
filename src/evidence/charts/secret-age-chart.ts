import type { ReportModel, SecretLine, SecretStanding } from '../report/report-model.ts';
import { type SvgMarkup, label, picture, svg } from './svg.ts';
import { shortened } from '../report/visible-text.ts';
import { counted, countText } from '../report/wording.ts';

const width = 760;
const plot = { left: 236, right: 690, top: 30 };
const rowHeight = 22;
/** More rows than this do not fit one page; the table below the chart has them all. */
const mostRows = 30;

const colours = {
  'within policy': '#2e7fc1',
  'due soon': '#e3a008',
  'past policy': '#c2410c',
  'no policy': '#8d93a1',
  disabled: '#8d93a1',
} as const satisfies Record<SecretStanding, string>;

/** Draws the age of each secret against the policy's validity: a dot on a stem, and a bar at the policy's limit. */
export function secretAgeChart({ secrets, to }: ReportModel): SvgMarkup {
  const shown = secrets.rows.slice(0, mostRows);
  const oldest = Math.max(1, ...shown.flatMap((line) => [line.ageDays, line.validityDays ?? 0]));
  const step = [7, 15, 30, 60, 90, 180, 365].find((days) => oldest / days <= 7) ?? Math.ceil(oldest / 7 / 365) * 365;
  const ceiling = Math.ceil(oldest / step) * step;
  const x = (days: number): number => plot.left + (days / ceiling) * (plot.right - plot.left);
  const bottom = plot.top + shown.length * rowHeight;
  // If all secrets are in one vault, repeating its name would only take up space.
  const vaults = new Set(shown.map((line) => line.secret.split('/')[0]));
  const prefix = vaults.size === 1 ? ([...vaults][0] ?? '').length + 1 : 0;
  const past = secrets.rows.filter((line) => line.standing === 'past policy').length;
  return picture(
    {
      id: 'chart-age',
      width,
      height: bottom + 54,
      title: 'Age of secrets against policy',
      description: `${counted(secrets.total, 'secret')} at ${to.slice(0, 10)}; ${countText(past)} older than the policy allows. ${shown.length < secrets.total ? `The ${String(shown.length)} that have used most of their time are drawn. ` : ''}The table below holds the numbers.`,
    },
    [
      ...Array.from({ length: ceiling / step + 1 }, (_, index) => index * step).flatMap((days) => [
        svg('line', {
          x1: x(days),
          x2: x(days),
          y1: plot.top - 6,
          y2: bottom,
          class: 'grid',
          stroke: '#e3e6eb',
          'stroke-width': 1,
        }),
        label(x(days), plot.top - 12, days === 0 ? '0 days' : String(days), { 'text-anchor': 'middle' }),
      ]),
      ...shown.flatMap((line, index) =>
        lollipop(line, line.secret.slice(prefix), plot.top + index * rowHeight + rowHeight / 2, x),
      ),
      ...key(bottom + 30),
    ],
  );
}

function lollipop(line: SecretLine, name: string, y: number, x: (days: number) => number): readonly SvgMarkup[] {
  const colour = colours[line.standing];
  const kind = `s-${line.standing.replace(' ', '-')}`;
  const limit =
    line.validityDays === null ? 'the policy sets no limit' : `the policy allows ${String(line.validityDays)}`;
  const limitMark =
    line.validityDays === null
      ? []
      : [
          svg('line', {
            x1: x(line.validityDays),
            x2: x(line.validityDays),
            y1: y - 8,
            y2: y + 8,
            class: 'limit',
            stroke: '#333a45',
            'stroke-width': 2,
          }),
        ];
  const hollow = line.standing === 'no policy' || line.standing === 'disabled';
  // The number follows the dot, or the limit's mark if the two would overlap.
  const limitX = x(line.validityDays ?? Number.NEGATIVE_INFINITY);
  const behindDot = x(line.ageDays) + 10;
  const valueX =
    limitX > behindDot - 12 && limitX < behindDot + countText(line.ageDays).length * 7 + 4 ? limitX + 8 : behindDot;
  return [
    svg('g', {}, [
      svg('title', {}, [`${line.secret}: ${String(line.ageDays)} days old; ${limit}; ${line.standing}`]),
      label(plot.left - 10, y + 4, shortened(name, 34), { 'text-anchor': 'end' }),
      svg('line', { x1: x(0), x2: x(line.ageDays), y1: y, y2: y, class: kind, stroke: colour, 'stroke-width': 3 }),
      ...limitMark,
      svg('circle', {
        cx: x(line.ageDays),
        cy: y,
        r: 5,
        class: hollow ? `${kind} hollow` : kind,
        fill: hollow ? '#ffffff' : colour,
        stroke: colour,
        'stroke-width': 2,
      }),
      label(valueX, y + 4, countText(line.ageDays)),
    ]),
  ];
}

function key(y: number): readonly SvgMarkup[] {
  const standings = ['within policy', 'due soon', 'past policy', 'no policy'] as const;
  return [
    ...standings.flatMap((standing, index) => {
      const x = plot.left - 180 + index * 130;
      const hollow = standing === 'no policy';
      return [
        svg('circle', {
          cx: x,
          cy: y - 4,
          r: 5,
          class: `s-${standing.replace(' ', '-')}${hollow ? ' hollow' : ''}`,
          fill: hollow ? '#ffffff' : colours[standing],
          stroke: colours[standing],
          'stroke-width': 2,
        }),
        label(
          x + 11,
          y,
          standing === 'no policy' ? 'No policy or disabled' : standing.replace(/^./, (first) => first.toUpperCase()),
        ),
      ];
    }),
    svg('line', {
      x1: plot.left + 396,
      x2: plot.left + 396,
      y1: y - 11,
      y2: y + 3,
      class: 'limit',
      stroke: '#333a45',
      'stroke-width': 2,
    }),
    label(plot.left + 404, y, 'Limit of the policy'),
  ];
}
