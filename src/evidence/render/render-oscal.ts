import { createHash } from 'node:crypto';
import type { JsonValue } from '../../provenance/canonical-json.ts';
import type { ExceptionLine, ObservationResult, ReportModel } from '../report/report-model.ts';

/** The version that the document states; the schema in the contracts checks it. */
const oscalVersion = '1.2.1';
const namespace = 'urn:keyturn:oscal:1';

/**
 * Renders the report as OSCAL assessment results. It contains every observation, but a finding only for each exception,
 * with the state that OSCAL requires (`not-satisfied`) and the remark that the conclusion is the assessor's. Keyturn
 * never states "satisfied" for a control without exceptions. Ids are derived, so that the same report has the same ids.
 */
export function renderOscal(model: ReportModel): JsonValue {
  const observations = listObservations(model);
  const findings = model.exceptions.listed.rows.map((line) => renderFinding(line, observations));
  const resources = model.files.map(({ path, description, sha256 }) => ({
    uuid: deriveUuid('resource', path),
    title: description,
    rlinks: [{ href: encodeURI(path), hashes: [{ algorithm: 'SHA-256', value: sha256 }] }],
  }));
  return {
    'assessment-results': {
      uuid: deriveUuid('report', model.organisation, model.from, model.to, model.createdAt),
      metadata: {
        title: oneLine(`${model.organisation}: evidence of secret access, ${model.label}`),
        'last-modified': model.createdAt,
        version: model.createdAt,
        'oscal-version': oscalVersion,
        props: [property('synthetic', String(model.synthetic)), property('status', model.status)],
      },
      'import-ap': { href: '#', remarks: 'Keyturn tests by its own catalogue; there is no separate assessment plan.' },
      results: [
        {
          uuid: deriveUuid('result', model.organisation, model.from, model.to),
          title: oneLine(`Access to secrets, ${model.label}`),
          description: 'Evidence, not an opinion: what was tested, what was met and what was not tested.',
          start: model.from,
          end: model.to,
          props: totals(model),
          'reviewed-controls': { 'control-selections': selections(model) },
          observations: observations.map((one) => renderObservation(one, model)),
          ...(findings.length === 0 ? {} : { findings }),
          ...(model.exceptions.listed.note === null ? {} : { remarks: model.exceptions.listed.note }),
        },
      ],
      ...(resources.length === 0 ? {} : { 'back-matter': { resources } }),
    },
  };
}

function totals({ reads, exceptions, coverage, rotations, secrets }: ReportModel): JsonValue {
  return [
    property('reads', String(reads.total)),
    ...reads.grades.map(({ grade, count }) => property(`reads-${grade}`, String(count))),
    property('exceptions', String(exceptions.total)),
    property('rotations', String(rotations.listed.total)),
    property('secrets', String(secrets.total)),
    property('hours-covered', String(coverage.covered)),
    property('hours-without-row', String(coverage.gaps)),
    property('hours-not-read', String(coverage.notRead)),
  ];
}

function selections({ frameworks }: ReportModel): JsonValue {
  return frameworks.map(({ title, controls }) => ({
    description: title,
    'include-controls': controls.filter(({ tests }) => tests.length > 0).map(({ id }) => ({ 'control-id': id })),
  }));
}

/** Each observation once, even if several controls use it. */
function listObservations({ frameworks }: ReportModel): readonly ObservationResult[] {
  const results = frameworks.flatMap(({ controls }) =>
    controls.flatMap(({ tests }) => tests.map(({ observation }) => observation)),
  );
  return [...new Map(results.map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function renderObservation(
  { id, title, method, statement, tested, exceptions, population, rate, criterion }: ObservationResult,
  { createdAt, files }: ReportModel,
): JsonValue {
  const evidence = files
    .filter(({ path }) => isPartOf(population.file, path) || (exceptions > 0 && isDeviations(path)))
    .map(({ path, description }) => ({ href: encodeURI(path), description: oneLine(description) }));
  return {
    uuid: deriveUuid('observation', id),
    title: oneLine(title),
    description: oneLine(statement),
    props: [
      property('tested', String(tested)),
      property('exceptions', String(exceptions)),
      property('population', String(population.count)),
      property('population-of', population.name),
      ...(criterion === null ? [] : [property('criterion', criterion)]),
      ...(rate === null ? [] : [property('rate', rate)]),
    ],
    methods: [method],
    ...(evidence.length === 0 ? {} : { 'relevant-evidence': evidence }),
    collected: createdAt,
  };
}

/** `files`: one path, or the first and the last part, whose names sort as their numbers do. */
function isPartOf(files: string, path: string): boolean {
  const [first = '', last = first] = files.split(' to ');
  return path.length === first.length && first <= path && path <= last;
}

function isDeviations(path: string): boolean {
  return /^deviations(-\d+)?\.ndjson(\.gz)?$/.test(path);
}

function renderFinding(
  { id, rule, description, subject, severity, count, standing }: ExceptionLine,
  observations: readonly ObservationResult[],
): JsonValue {
  const related = observations.filter(({ findings }) => findings.includes(id));
  return {
    uuid: deriveUuid('finding', id),
    title: oneLine(`${rule}: ${subject}`),
    description: oneLine(description),
    props: [
      property('id', id),
      property('severity', severity),
      property('events', String(count)),
      property('standing', standing),
    ],
    target: {
      type: 'objective-id',
      'target-id': related[0]?.id ?? 'unmapped',
      status: {
        state: 'not-satisfied',
        reason: 'other',
        remarks: "An exception was met. The conclusion is the assessor's.",
      },
    },
    ...(related.length === 0
      ? {}
      : { 'related-observations': related.map((one) => ({ 'observation-uuid': deriveUuid('observation', one.id) })) }),
  };
}

function property(name: string, value: string): { name: string; ns: string; value: string } {
  return { name, ns: namespace, value: oneLine(value) };
}

/** OSCAL allows no empty line, no line end and no white space at either end. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line === '' ? '–' : line;
}

/** Derives a UUID in version 5's form from a digest over its names. */
function deriveUuid(...names: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['keyturn', ...names]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
