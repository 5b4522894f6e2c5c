import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { grades } from '../../audit/model/attribution.ts';
import { coverageChart } from '../charts/coverage-chart.ts';
import { sampleCommand } from '../report/draw-sample.ts';
import type { ReportModel } from '../report/report-model.ts';
import { retrievalsChart } from '../charts/retrievals-chart.ts';
import { secretAgeChart } from '../charts/secret-age-chart.ts';
import { sharesChart } from '../charts/shares-chart.ts';
import type { SvgMarkup } from '../charts/svg.ts';
import { templateText } from '../report/template-folder.ts';
import { countText, counted, sizeText, spanText } from '../report/wording.ts';

const partials = [
  'summary',
  'exceptions',
  'controls',
  'reads',
  'read-table',
  'rotations',
  'secrets',
  'log',
  'provenance',
  'check',
] as const;

/** The most exceptions on the first page, which must be readable in five minutes. */
const exceptionsOnFirstPage = 6;

/** A table longer than this is collapsed. */
const mostOpenRows = 25;

/**
 * Renders the report as one HTML file without script or network (its Content-Security-Policy forbids both), with style
 * and pictures inline. Everything from the model is escaped. Two parts are not, because Keyturn creates their markup
 * itself: the style sheet, whose digest the policy names, and pictures, which only `svg` can build and which escapes
 * its input.
 */
export async function renderHtml(model: ReportModel): Promise<string> {
  const render = await compiledTemplate();
  const style = `${await templateText('report.css')}${printFooter(model)}`;
  const present = grades.filter((grade) => model.reads.bars.some((bar) => (bar.counts[grade] ?? 0) > 0));
  const firstExceptions = model.exceptions.listed.rows.slice(0, exceptionsOnFirstPage);
  const { coverage, notRead, notSeen, provenance } = model;
  return render({
    model,
    title: model.label.replace('..', ' to '),
    style: new Handlebars.SafeString(style),
    styleDigest: createHash('sha256').update(style).digest('base64'),
    charts: {
      shares: drawn(sharesChart(model)),
      retrievals: drawn(retrievalsChart(model)),
      age: drawn(secretAgeChart(model)),
      coverage: drawn(coverageChart(model)),
    },
    gradesPresent: present,
    barRows: model.reads.bars.map((bar) => ({ ...bar, cells: present.map((grade) => bar.counts[grade] ?? 0) })),
    firstExceptions,
    fewToLookAt: model.reads.toLookAt.rows.length <= mostOpenRows,
    moreExceptions: model.exceptions.total - firstExceptions.length,
    nothingMissing:
      notRead.length + notSeen.length + coverage.gaps + coverage.notRead + provenance.unreadableRows.total === 0,
    sampleCommand: sampleCommand(model.files.map(({ path }) => path)),
  });
}

function drawn(picture: SvgMarkup): Handlebars.SafeString {
  return new Handlebars.SafeString(picture.toString());
}

async function compiledTemplate(): Promise<HandlebarsTemplateDelegate> {
  const handlebars = Handlebars.create();
  for (const name of partials) handlebars.registerPartial(name, await templateText(`partials/${name}.hbs`));
  handlebars.registerHelper({
    count: (count: number) => countText(count),
    plural: (count: number, singular: string) => counted(count, singular),
    one: (count: number) => count === 1,
    span: (firstAt: string, lastAt: string) => spanText(firstAt, lastAt),
    same: (a: unknown, b: unknown) => a === b,
    less: (a: number, b: number) => a < b,
    size: (bytes: number) => sizeText(bytes),
    kebab: (text: string) => text.replaceAll(' ', '-'),
    frameworkName: (framework: string) => (framework === 'soc2' ? 'SOC 2' : 'ISO/IEC 27001:2022'),
  });
  return handlebars.compile(await templateText('report.hbs'), { strict: true, knownHelpersOnly: false });
}

/**
 * The footer of each printed page. It contains only fixed words and hexadecimal digits, so no external text enters the
 * style sheet.
 */
function printFooter({ dataManifestSha256, synthetic, status }: ReportModel): string {
  const digest = /^[0-9a-f]{64}$/.test(dataManifestSha256) ? dataManifestSha256 : 'not sealed';
  const marks = `${status}${synthetic ? ' · SYNTHETIC' : ''}`;
  return `@page{@bottom-left{content:"data-manifest.json sha256 ${digest}"}@bottom-right{content:"page " counter(page) " of " counter(pages)}@top-right{content:"${marks}"}}\n`;
}
