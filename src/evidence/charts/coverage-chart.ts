import type { CoverageDay, ReportModel } from '../report/report-model.ts';
import { type SvgMarkup, label, picture, svg } from './svg.ts';
import { counted, countText } from '../report/wording.ts';

const width = 760;
const plot = { left: 44, right: 752, top: 8, bottom: 152 };
const hourHeight = (plot.bottom - plot.top) / 24;

const states = {
  c: { kind: 'covered', colour: '#a9cdea', description: 'Covered' },
  g: { kind: 'gap', colour: '#c2410c', description: 'Gap: an hourly canary read is missing' },
  n: { kind: 'unread', colour: '#f2d35c', description: 'Not read' },
} as const;
type Letter = keyof typeof states;

/**
 * Draws the calendar of hours: one column per day, hour 0 at the top; consecutive hours in one state form one
 * rectangle.
 */
export function coverageChart({ coverage }: ReportModel): SvgMarkup {
  const pitch = (plot.right - plot.left) / Math.max(1, coverage.days.length);
  const every = Math.max(1, Math.ceil(64 / pitch));
  return picture(
    {
      id: 'chart-coverage',
      width,
      height: plot.bottom + 54,
      title: 'Hours of the log',
      description: `${counted(coverage.covered, 'hour')} covered, ${countText(coverage.gaps)} without a row, ${countText(coverage.notRead)} not read. The table below names them.`,
    },
    [
      ...[0, 6, 12, 18, 24].map((hour) =>
        label(plot.left - 6, plot.top + hour * hourHeight + 4, `${String(hour).padStart(2, '0')}:00`, {
          'text-anchor': 'end',
        }),
      ),
      ...coverage.days.flatMap((day, index) => column(day, plot.left + index * pitch, pitch)),
      ...coverage.days.flatMap(({ day }, index) =>
        index % every === 0
          ? [label(plot.left + (index + 0.5) * pitch, plot.bottom + 17, day.slice(5), { 'text-anchor': 'middle' })]
          : [],
      ),
      ...Object.values(states).flatMap(({ kind, colour, description }, index) => {
        const x = plot.left + index * 150 + (index > 1 ? 90 : 0);
        return [
          svg('rect', { x, y: plot.bottom + 33, width: 11, height: 11, class: `h-${kind}`, fill: colour }),
          label(x + 17, plot.bottom + 43, description),
        ];
      }),
    ],
  );
}

function column({ day, hours }: CoverageDay, left: number, pitch: number): readonly SvgMarkup[] {
  const pieces: SvgMarkup[] = [];
  for (let hour = 0; hour < 24; ) {
    const letter = hours.charAt(hour);
    let end = hour + 1;
    while (end < 24 && hours.charAt(end) === letter) end += 1;
    if (isState(letter)) {
      const { kind, colour, description } = states[letter];
      pieces.push(
        svg(
          'rect',
          {
            x: left + pitch * 0.06,
            y: plot.top + hour * hourHeight,
            width: pitch * 0.88,
            height: (end - hour) * hourHeight,
            class: `h-${kind}`,
            fill: colour,
          },
          [
            svg('title', {}, [
              `${day} ${String(hour).padStart(2, '0')}:00 to ${String(end).padStart(2, '0')}:00: ${description}`,
            ]),
          ],
        ),
      );
    }
    hour = end;
  }
  return pieces;
}

function isState(letter: string): letter is Letter {
  return letter in states;
}
