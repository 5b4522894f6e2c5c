import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { grades } from '../../audit/model/attribution.ts';
import { type PageAnchors, pageAnchors } from './page-anchors.ts';
import { coverageChart } from '../charts/coverage-chart.ts';
import { sampleCommand } from '../report/draw-sample.ts';
import type { FrameworkSection, ReportModel } from '../report/report-model.ts';
import { retrievalsChart } from '../charts/retrievals-chart.ts';
import { secretAgeChart } from '../charts/secret-age-chart.ts';
import { sharesChart } from '../charts/shares-chart.ts';
import type { SvgMarkup } from '../charts/svg.ts';
import { templateText } from '../report/template-folder.ts';
import { countText, counted, sentenceText, sizeText, spanText } from '../report/wording.ts';

const partials = [
  'summary',
  'matrix',
  'overview',
  'exceptions',
  'controls',
  'tests',
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

const frameworkNames: Readonly<Record<string, string>> = { soc2: 'SOC 2', iso27001: 'ISO/IEC 27001:2022' };

/** A table longer than this is collapsed. */
const mostOpenRows = 25;

/**
 * Renders the report as one HTML file without network, with style, script and pictures inline. Its
 * Content-Security-Policy allows the one style sheet and the one script by their digests, and nothing else; it reads
 * well without the script. Everything from the model is escaped. Three parts are not, because Keyturn creates them
 * itself: the style sheet, the script, and pictures, which only `svg` can build and which escapes its input.
 */
export async function renderHtml(model: ReportModel): Promise<string> {
  const anchors = pageAnchors(model);
  const render = await compiledTemplate(anchors);
  const style = `${await templateText('report.css')}${printFooter(model)}`;
  const script = await templateText('report.js');
  const present = grades.filter((grade) => model.reads.bars.some((bar) => (bar.counts[grade] ?? 0) > 0));
  const firstExceptions = model.exceptions.listed.rows.slice(0, exceptionsOnFirstPage);
  const { coverage, notRead, notSeen, provenance } = model;
  return render({
    model,
    title: model.label.replace('..', ' to '),
    style: new Handlebars.SafeString(style),
    styleDigest: digestOf(style),
    script: new Handlebars.SafeString(script),
    scriptDigest: digestOf(script),
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

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function drawn(picture: SvgMarkup): Handlebars.SafeString {
  return new Handlebars.SafeString(picture.toString());
}

async function compiledTemplate(anchors: PageAnchors): Promise<HandlebarsTemplateDelegate> {
  const handlebars = Handlebars.create();
  for (const name of partials) handlebars.registerPartial(name, await templateText(`partials/${name}.hbs`));
  handlebars.registerHelper({
    count: (count: number) => countText(count),
    plural: (count: number, singular: string) => counted(count, singular),
    one: (count: number) => count === 1,
    span: (firstAt: string, lastAt: string) => spanText(firstAt, lastAt),
    same: (a: unknown, b: unknown) => a === b,
    less: (a: number, b: number) => a < b,
    sentence: (text: string) => sentenceText(text),
    size: (bytes: number) => sizeText(bytes),
    kebab: (text: string) => text.replaceAll(' ', '-'),
    frameworkName: ({ framework, title }: FrameworkSection) => frameworkNames[framework] ?? title,
    rowHref: (event: string) => anchors.row(event),
    fileHref: (path: string) => anchors.file(path),
    fileAnchor: (path: string) => anchors.idOfFile(path),
    anchors: (table: unknown, id: string) => anchors.ownsRead(table, id),
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
