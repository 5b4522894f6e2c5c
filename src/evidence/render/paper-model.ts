import { firstPageSentences } from './paper-first-page.ts';
import { coverageChart } from '../charts/coverage-chart.ts';
import { sampleCommand } from '../report/draw-sample.ts';
import { partNames } from '../report/observe-controls.ts';
import { paperText } from './paper-text.ts';
import type { Capped, ReadLine, ReportModel } from '../report/report-model.ts';
import { retrievalsChart } from '../charts/retrievals-chart.ts';
import { secretAgeChart } from '../charts/secret-age-chart.ts';
import { sharesChart } from '../charts/shares-chart.ts';
import type { SvgMarkup } from '../charts/svg.ts';
import { mapStrings } from '../report/visible-text.ts';
import { countText, counted, sentenceText, sizeText } from '../report/wording.ts';

const exceptionsOnFirstPage = 6;

/**
 * The most rows of reads in the PDF: each hundred needs about 20 MB in the typesetter, and nobody reads page one
 * thousand.
 */
const mostReadsOnPaper = 500;

/** The typesetter's input files: the model, sentences derived from it, and pictures. */
export function paperFiles(model: ReportModel): Readonly<Record<string, Uint8Array>> {
  const pictures = {
    shares: sharesChart(model),
    retrievals: retrievalsChart(model),
    age: secretAgeChart(model),
    coverage: coverageChart(model),
  };
  const alternatives = Object.fromEntries(
    Object.entries(pictures).map(([name, picture]) => [name, picture.description]),
  );
  const drawn = Object.entries(pictures).map(
    ([name, picture]) => [`${name}.svg`, Buffer.from(paperPicture(picture))] as const,
  );
  return {
    'report.json': Buffer.from(JSON.stringify(mapStrings(onPaper(model), paperText))),
    'made.json': Buffer.from(
      JSON.stringify({
        ...mapStrings({ ...sentences(model), alternatives }, paperText),
        // No font draws the title of the document, so nothing in it needs to be broken.
        documentTitle: `${model.organisation}: evidence of secret access, ${model.label.replace('..', ' to ')}`,
      }),
    ),
    ...Object.fromEntries(drawn),
  };
}

/** The model with tables of reads shortened for paper. */
function onPaper(model: ReportModel): ReportModel {
  const { toLookAt, all } = model.reads;
  const paths = model.files.map(({ path }) => path);
  return { ...model, reads: { ...model.reads, toLookAt: shorter(toLookAt, paths), all: shorter(all, paths) } };
}

function shorter(table: Capped<ReadLine>, paths: readonly string[]): Capped<ReadLine> {
  if (table.rows.length <= mostReadsOnPaper) return table;
  const note = `${countText(mostReadsOnPaper)} of ${countText(table.total)}; all in ${partNames('retrievals', paths)}`;
  return { ...table, rows: table.rows.slice(0, mostReadsOnPaper), note };
}

/** Formatted numbers and sentences as in the HTML, so that the typesetter need not build them. */
function sentences(model: ReportModel): object {
  const { exceptions, coverage, provenance, rotations, reads } = model;
  const created = new Date(model.createdAt);
  const { high, medium, low, information } = exceptions.bySeverity;
  const more = exceptions.total - Math.min(exceptionsOnFirstPage, exceptions.listed.rows.length);
  const title = model.label.replace('..', ' to ');
  return {
    title,
    year: created.getUTCFullYear(),
    month: created.getUTCMonth() + 1,
    day: created.getUTCDate(),
    hour: created.getUTCHours(),
    minute: created.getUTCMinutes(),
    second: created.getUTCSeconds(),
    fingerprint: model.fingerprint,
    total: countText(reads.total),
    ...firstPageSentences(model),
    toLookAt: countText(reads.toLookAt.total),
    exceptions: `${countText(exceptions.total)} in all: ${countText(high)} high, ${countText(medium)} medium, ${countText(low)} low${information > 0 ? `, ${countText(information)} for information` : ''}.`,
    noExceptions: exceptions.elsewhere === null ? 'The tests found no exceptions.' : 'No rule found an exception.',
    moreExceptions: more > 0 ? `${countText(more)} more on the next page.` : null,
    unread: unread(model),
    exceptionRows: exceptions.listed.rows.map(
      ({ id, severity, description, subject, firstAt, lastAt, count, controls, since, standing, followUp }) => ({
        id,
        severity,
        description,
        subject,
        seen: [counted(count, 'event'), ...new Set([firstAt, lastAt])].join('\n'),
        standing: [since, standing, followUp].filter((text) => text !== null && text !== '').join('; '),
        controls: controls.join(', '),
      }),
    ),
    gradeRows: reads.grades.map(({ grade, group, count, forgers, reasons }) => ({
      grade,
      group,
      forgers,
      count: countText(count),
      reasons: reasons.map((one) => `${one.reason} ${countText(one.count)}`).join(', '),
    })),
    rotations: `${counted(rotations.listed.total, 'rotation')}, ${countText(rotations.published)} published. Outcome for the old value: ${rotations.ends.map(({ end, count }) => `${end} ${countText(count)}`).join(', ')}.`,
    coverage: `${counted(coverage.covered, 'hour')} covered, ${countText(coverage.gaps)} not shown to be complete, ${countText(coverage.notRead)} not read.`,
    sources: `${counted(provenance.jobs, 'Gitea job')}; receipts: ${countText(provenance.receipts.posted)} posted, ${countText(provenance.receipts.logged)} from job logs, ${countText(provenance.receipts.matched)} matched to a row, ${countText(provenance.receipts.orphaned)} without a row. ${counted(provenance.slices.total, 'hashed slice')}, listed in slices.ndjson.`,
    waterfall: provenance.waterfall.map(({ step, removed, left }) => ({
      step,
      removed: removedText(removed),
      left: countText(left),
    })),
    sample: sampleCommand(model.files.map(({ path }) => path)).split('\n'),
    files: model.files.map(({ path, description, bytes, rows, sha256 }) => ({
      path,
      description,
      sha256,
      size: sizeText(bytes),
      rows: rows === null ? '–' : countText(rows),
    })),
  };
}

function unread({ coverage, notRead, notSeen, provenance }: ReportModel): readonly string[] {
  const rows = provenance.unreadableRows.total;
  const lines = [
    ...(coverage.gaps > 0
      ? [
          `${counted(coverage.gaps, 'hour')} of the log cannot be shown to be complete: a row of Keyturn's hourly canary read is missing, or that read was not made.`,
        ]
      : []),
    ...(coverage.notRead > 0
      ? [`${counted(coverage.notRead, 'hour')} of the log ${coverage.notRead === 1 ? 'has' : 'have'} not been read.`]
      : []),
    ...(rows > 0 ? [`${counted(rows, 'row')} could not be parsed.`] : []),
    ...notSeen.map(sentenceText),
  ];
  if (lines.length + notRead.length > 0) return lines;
  return ['Every hour of the log was read, and every row was parsed.'];
}

/**
 * Sets pictures in the report's own typeface, which the typesetter contains; a browser's typeface would differ between
 * machines.
 */
function paperPicture(picture: SvgMarkup): string {
  const text = picture.toString().replace('<svg ', '<svg font-family="Libertinus Serif" ');
  return Array.from(text, paperSign).join('');
}

function paperSign(sign: string): string {
  return sign.charCodeAt(0) < 0x80 ? sign : paperText(sign);
}

function removedText(removed: number | null): string {
  if (removed === null) return '';
  return removed === 0 ? '0' : `−${countText(removed)}`;
}
