import { type Grade, grades } from '../../audit/model/attribution.ts';
import { gradeColours } from './grade-colours.ts';
import type { ReadsBar, ReportModel } from '../report/report-model.ts';
import { type SvgMarkup, label, picture, svg } from './svg.ts';
import { counted, countText, titleOf } from '../report/wording.ts';

const width = 760;
const plot = { left: 44, right: 752, top: 12, bottom: 206 };
const legendColumns = 4;

/** Reads by day (by week in a long period) and grade: stacked bars with a legend. Only grades that occur are drawn. */
export function retrievalsChart({ reads }: ReportModel): SvgMarkup {
  const present = grades.filter((grade) => reads.bars.some((bar) => (bar.counts[grade] ?? 0) > 0));
  const tallest = Math.max(1, ...reads.bars.map((bar) => bar.total));
  const step = niceStep(tallest);
  const ceiling = Math.ceil(tallest / step) * step;
  const y = (count: number): number => plot.bottom - (count / ceiling) * (plot.bottom - plot.top);
  const pitch = (plot.right - plot.left) / Math.max(1, reads.bars.length);
  const legendTop = plot.bottom + 42;
  const height = legendTop + Math.ceil(present.length / legendColumns) * 20;
  const unit = (reads.bars[0]?.days ?? 1) > 1 ? 'week' : 'day';
  return picture(
    {
      id: 'chart-retrievals',
      width,
      height,
      title: `Reads by ${unit} and grade`,
      description: `${counted(reads.total, 'read')} in ${counted(reads.bars.length, unit)}. ${reads.groups.map(({ group, count }) => `${titleOf(group)}: ${countText(count)}.`).join(' ')} The busiest ${unit} has ${countText(tallest)}. The table below holds the numbers.`,
    },
    [
      ...gridLines(step, ceiling, y),
      ...reads.bars.flatMap((bar, index) => stack(bar, present, plot.left + index * pitch, pitch, y, unit)),
      ...dateLabels(reads.bars, pitch),
      ...present.flatMap((grade, index) => legend(grade, index, legendTop)),
    ],
  );
}

function gridLines(step: number, ceiling: number, y: (count: number) => number): readonly SvgMarkup[] {
  return Array.from({ length: ceiling / step + 1 }, (_, index) => index * step).flatMap((count) => [
    svg('line', {
      x1: plot.left,
      x2: plot.right,
      y1: y(count),
      y2: y(count),
      class: 'grid',
      stroke: count === 0 ? '#8b93a1' : '#e3e6eb',
      'stroke-width': 1,
    }),
    label(plot.left - 6, y(count) + 4, countText(count), { 'text-anchor': 'end' }),
  ]);
}

function stack(
  bar: ReadsBar,
  present: readonly Grade[],
  left: number,
  pitch: number,
  y: (count: number) => number,
  unit: string,
): readonly SvgMarkup[] {
  const gap = Math.min(4, pitch * 0.2);
  let below = 0;
  const parts: SvgMarkup[] = [];
  for (const grade of present) {
    const count = bar.counts[grade] ?? 0;
    if (count === 0) continue;
    const top = y(below + count);
    // A hairline gap keeps neighbours apart in grey printing.
    const tall = Math.max(0.8, y(below) - top - 0.6);
    const description = `${bar.from}${unit === 'week' ? ' and the days after' : ''}: ${grade} ${countText(count)}`;
    parts.push(
      svg(
        'rect',
        { x: left + gap / 2, y: top, width: pitch - gap, height: tall, class: `g-${grade}`, fill: gradeColours[grade] },
        [svg('title', {}, [description])],
      ),
    );
    below += count;
  }
  return parts;
}

function dateLabels(bars: readonly ReadsBar[], pitch: number): readonly SvgMarkup[] {
  const every = Math.max(1, Math.ceil(64 / pitch));
  return bars.flatMap((bar, index) =>
    index % every === 0
      ? [label(plot.left + (index + 0.5) * pitch, plot.bottom + 17, bar.from.slice(5), { 'text-anchor': 'middle' })]
      : [],
  );
}

function legend(grade: Grade, index: number, top: number): readonly SvgMarkup[] {
  const x = plot.left + (index % legendColumns) * ((plot.right - plot.left) / legendColumns);
  const y = top + Math.floor(index / legendColumns) * 20;
  return [
    svg('rect', { x, y: y - 9, width: 11, height: 11, class: `g-${grade}`, fill: gradeColours[grade] }),
    label(x + 17, y + 0.5, titleOf(grade)),
  ];
}

/** 1, 2 or 5 times a power of ten, so that an axis has two to six grid lines. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most / 4)));
  for (const factor of [1, 2, 5, 10]) if (most / (factor * power) <= 5) return factor * power;
  return 10 * power;
}
