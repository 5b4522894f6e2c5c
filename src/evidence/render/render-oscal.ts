import { createHash } from 'node:crypto';
import type { JsonValue } from '../../provenance/canonical-json.ts';
import type { ExceptionLine, ObservationResult, PackFileLine, ReportModel } from '../report/report-model.ts';

/** The version that the document states; the schema in the contracts checks it. */
const oscalVersion = '1.2.1';
const namespace = 'urn:keyturn:oscal:1';

/**
 * Renders the report as OSCAL assessment results. Each test of a control is an objective, defined in the document, with a
 * finding: `satisfied` if something was tested and no exception was met, `not-satisfied` if one was; a test that tested
 * nothing has an observation and no finding. Each exception is a finding and a risk, with its state, severity, due day and
 * the response of management. From every finding a tool reaches a control
 * by its target, and files with their digests by its observations. The remarks say that the conclusion is the assessor's.
 * Ids are derived, so that the same report has the same ids.
 */
export function renderOscal(model: ReportModel): JsonValue {
  const objectives = listObjectives(model);
  const observations = listObservations(objectives);
  const relations = relateFindings(objectives);
  const exceptions = model.exceptions.listed.rows;
  const findings = [
    ...objectives.filter(({ observation }) => observation.tested > 0).map(renderObjectiveFinding),
    ...exceptions.map((line) => renderException(line, relations)),
  ];
  return {
    'assessment-results': {
      uuid: deriveUuid('report', model.organisation, model.from, model.to, model.createdAt),
      metadata: renderMetadata(model),
      'import-ap': {
        href: `#${planUuid}`,
        remarks:
          'Keyturn tests by its own catalogue; the resource lists every test with its criterion and its controls.',
      },
      'local-definitions': { 'objectives-and-methods': renderObjectives(objectives) },
      results: [
        {
          uuid: deriveUuid('result', model.organisation, model.from, model.to),
          title: oneLine(`Access to secrets, ${model.label}`),
          description: 'Evidence, not an opinion: what was tested, what was met and what was not tested.',
          start: model.from,
          end: model.to,
          props: totals(model),
          'local-definitions': renderSubjects(model),
          'reviewed-controls': renderReviewedControls(objectives, model),
          observations: [
            ...observations.map((one) => renderObservation(one, model)),
            ...exceptions.map((line) => renderExceptionObservation(line, relations, model)),
          ],
          ...(exceptions.length === 0 ? {} : { risks: exceptions.map((line) => renderRisk(line)) }),
          ...(findings.length === 0 ? {} : { findings }),
          ...(model.exceptions.listed.note === null ? {} : { remarks: model.exceptions.listed.note }),
        },
      ],
      'back-matter': { resources: [renderPlan(model), ...groupParts(model.files).map(renderResource)] },
    },
  };
}

/** One test of one control. */
interface Objective {
  readonly id: string;
  readonly control: string;
  readonly controlText: string;
  readonly why: string;
  readonly observation: ObservationResult;
}

function listObjectives({ frameworks }: ReportModel): readonly Objective[] {
  return frameworks.flatMap(({ framework, controls }) =>
    controls.flatMap(({ id, description, tests }) =>
      tests.map(({ why, observation }) => ({
        id: token(`${framework}.${id}.${observation.id}`),
        control: token(id),
        controlText: description,
        why,
        observation,
      })),
    ),
  );
}

const toolUuid = deriveUuid('component', 'Keyturn');
const planUuid = deriveUuid('resource', 'plan');
const operatorRole = 'system-owner';

function renderMetadata(model: ReportModel): JsonValue {
  const operator = deriveUuid('party', model.organisation);
  return {
    title: oneLine(`${model.organisation}: evidence of secret access, ${model.label}`),
    'last-modified': model.createdAt,
    version: model.createdAt,
    'oscal-version': oscalVersion,
    props: [property('synthetic', String(model.synthetic)), property('status', model.status)],
    roles: [{ id: operatorRole, title: 'Operates the vaults, and Keyturn' }],
    parties: [{ uuid: operator, type: 'organization', name: oneLine(model.organisation) }],
    'responsible-parties': [{ 'role-id': operatorRole, 'party-uuids': [operator] }],
  };
}

function renderObjectives(objectives: readonly Objective[]): JsonValue {
  const controls = new Map(objectives.map((one) => [one.control, one]));
  return [...controls.values()].map(({ control, controlText }) => ({
    'control-id': control,
    description: oneLine(controlText),
    parts: objectives
      .filter((one) => one.control === control)
      .map(({ id, why, observation }) => ({
        id,
        name: 'assessment-objective',
        title: oneLine(observation.title),
        prose: oneLine(why),
      })),
  }));
}

/** What observations are about: the vaults, what each exception is about, and the tool that observed. */
function renderSubjects({ provenance, exceptions }: ReportModel): JsonValue {
  const subjects = [...new Set(exceptions.listed.rows.map(({ subject }) => subject))];
  const items = subjects.map((subject) => ({ uuid: deriveUuid('subject', subject), description: oneLine(subject) }));
  const component = (uuid: string, type: string, title: string, description: string): JsonValue => ({
    uuid,
    type,
    title: oneLine(title),
    description,
    status: { state: 'operational' },
  });
  return {
    components: [
      component(toolUuid, 'software', 'Keyturn', 'Collects the evidence and tests it.'),
      ...provenance.vaults.map((vault) =>
        component(deriveUuid('vault', vault), 'service', vault, 'A key vault in scope.'),
      ),
    ],
    ...(items.length === 0 ? {} : { 'inventory-items': items }),
  };
}

function renderReviewedControls(objectives: readonly Objective[], model: ReportModel): JsonValue {
  const ids = objectives.map(({ id }) => ({ 'objective-id': id }));
  return {
    'control-selections': selections(model),
    ...(ids.length === 0 ? {} : { 'control-objective-selections': [{ 'include-objectives': ids }] }),
  };
}

/** What was tested, as the plan that OSCAL asks for: the file that lists every test. */
function renderPlan({ files }: ReportModel): JsonValue {
  const tests = files.filter(({ path }) => /^control-tests(-\d+)?\.ndjson(\.gz)?$/.test(path));
  return {
    uuid: planUuid,
    title: 'Every test with its criterion, its population and the controls that rest on it',
    ...(tests.length === 0 ? {} : { rlinks: tests.map(renderLink) }),
  };
}

/** A file of the pack, or all parts of a large one. */
interface WholeFile {
  /** The name that it would have if it were not split. */
  readonly name: string;
  readonly description: string;
  readonly parts: readonly PackFileLine[];
}

/** The parts of one file together: a year of reads has hundreds, and each exception among them names that file. */
function groupParts(files: readonly PackFileLine[]): readonly WholeFile[] {
  const groups = new Map<string, PackFileLine[]>();
  for (const file of files) {
    const name = file.path.replace(/-\d{4,}(?=\.[a-z]+\.gz$)/, '');
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [file]);
    else known.push(file);
  }
  return [...groups].map(([name, parts]) => ({ name, description: describeParts(parts), parts }));
}

function describeParts(parts: readonly PackFileLine[]): string {
  const description = parts[0]?.description ?? '';
  return parts.length === 1 ? description : `${description}, in ${String(parts.length)} parts`;
}

function resourceOf({ name }: WholeFile): string {
  return deriveUuid('resource', name);
}

function renderResource(file: WholeFile): JsonValue {
  return { uuid: resourceOf(file), title: oneLine(file.description), rlinks: file.parts.map(renderLink) };
}

function renderLink({ path, sha256 }: PackFileLine): JsonValue {
  return { href: encodeURI(path), hashes: [{ algorithm: 'SHA-256', value: sha256 }] };
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
  return frameworks.flatMap(({ title, controls }) => {
    const tested = controls.filter(({ tests }) => tests.length > 0);
    const ids = tested.map(({ id }) => ({ 'control-id': token(id) }));
    return ids.length === 0 ? [] : [{ description: oneLine(title), 'include-controls': ids }];
  });
}

/** Each observation once, even if several controls use it. */
function listObservations(objectives: readonly Objective[]): readonly ObservationResult[] {
  const results = objectives.map(({ observation }) => observation);
  return [...new Map(results.map((one) => [one.id, one])).values()].sort((x, y) => (x.id < y.id ? -1 : 1));
}

function renderObservation(
  { id, title, method, statement, tested, exceptions, population, rate, criterion, notTested }: ObservationResult,
  { createdAt, files, provenance }: ReportModel,
): JsonValue {
  // A population without a file is counted in the report alone; the result of its test is in the list of tests.
  const evidence = files.filter(
    ({ path }) =>
      isPartOf(population.file, path) ||
      isNamed('control-tests', path) ||
      (exceptions > 0 && isNamed('deviations', path)),
  );
  const vaults = provenance.vaults.map((vault) => ({ 'subject-uuid': deriveUuid('vault', vault), type: 'component' }));
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
      ...(notTested === null ? [] : [property('not-tested', notTested)]),
    ],
    methods: [method],
    types: ['control-objective'],
    origins,
    ...(vaults.length === 0 ? {} : { subjects: vaults }),
    ...(evidence.length === 0 ? {} : { 'relevant-evidence': groupParts(evidence).map(renderEvidence) }),
    collected: createdAt,
  };
}

/** The observation of one exception: what it is about, and the rows that show it. */
function renderExceptionObservation(
  { id, rule, description, subject, evidence, firstAt, lastAt }: ExceptionLine,
  relations: Related,
  { createdAt, files }: ReportModel,
): JsonValue {
  const populations = (relations.get(id) ?? []).map(({ observation }) => observation.population.file);
  const shown = files.filter(
    ({ path }) => isNamed('findings', path) || populations.some((population) => isPartOf(population, path)),
  );
  return {
    uuid: deriveUuid('exception', id),
    title: oneLine(`${rule}: ${subject}`),
    description: oneLine(description),
    props: [
      property('finding', id),
      property('first', firstAt),
      property('last', lastAt),
      ...evidence.map((one) => property('event', one)),
    ],
    methods: ['EXAMINE'],
    types: ['finding'],
    origins,
    subjects: [{ 'subject-uuid': deriveUuid('subject', subject), type: 'inventory-item' }],
    ...(shown.length === 0 ? {} : { 'relevant-evidence': groupParts(shown).map(renderEvidence) }),
    collected: createdAt,
  };
}

/** What each state of an exception is among those of a risk. */
const riskStates = {
  open: 'open',
  recurred: 'open',
  accepted: 'deviation-approved',
  fixed: 'closed',
} as const satisfies Record<ExceptionLine['life']['state'], string>;

/** The risk of one exception: its severity, where it stands, and what management answered. */
function renderRisk({ id, rule, subject, description, severity, standing, life, controls }: ExceptionLine): JsonValue {
  const { state, due, response } = life;
  const lifecycle = state === 'fixed' ? 'completed' : 'planned';
  const answer = { uuid: deriveUuid('response', id), lifecycle, title: 'Response of management' };
  return {
    uuid: deriveUuid('risk', id),
    title: oneLine(`${rule}: ${subject}`),
    description: oneLine(description),
    statement: oneLine(controls.length === 0 ? 'No control rests on it.' : `It bears on ${controls.join(', ')}.`),
    props: [property('finding', id), property('standing', standing)],
    status: riskStates[state],
    origins,
    characterizations: [
      {
        origin: { actors: [{ type: 'tool', 'actor-uuid': toolUuid }] },
        facets: [{ name: 'severity', system: namespace, value: severity }],
      },
    ],
    // A due day is over when the day is.
    ...(due === null ? {} : { deadline: `${due}T23:59:59Z` }),
    ...(response === null ? {} : { remediations: [{ ...answer, description: oneLine(response) }] }),
    'related-observations': [{ 'observation-uuid': deriveUuid('exception', id) }],
  };
}

const origins: JsonValue = [{ actors: [{ type: 'tool', 'actor-uuid': toolUuid }] }];

/** A file with its digest; one in parts is named by its resource, which has the digest of each part. */
function renderEvidence(file: WholeFile): JsonValue {
  const [only] = file.parts;
  const resource = `#${resourceOf(file)}`;
  const description = oneLine(file.description);
  if (only === undefined || file.parts.length > 1) return { href: resource, description };
  return {
    href: encodeURI(only.path),
    description,
    props: [property('sha256', only.sha256)],
    links: [{ href: resource, rel: 'reference' }],
  };
}

/** `files`: one path, or the first and the last part, whose names sort as their numbers do. */
function isPartOf(files: string, path: string): boolean {
  const [first = '', last = first] = files.split(' to ');
  return path.length === first.length && first <= path && path <= last;
}

const rowsOrPart = /^(-\d+)?\.ndjson(\.gz)?$/;

function isNamed(name: string, path: string): boolean {
  return path.startsWith(name) && rowsOrPart.test(path.slice(name.length));
}

function renderObjectiveFinding({ id, control, observation }: Objective): JsonValue {
  const isMet = observation.exceptions === 0;
  return {
    uuid: deriveUuid('objective', id),
    title: oneLine(`${control}: ${observation.title}`),
    description: oneLine(observation.statement),
    props: [property('kind', 'objective')],
    target: {
      type: 'objective-id',
      'target-id': id,
      status: isMet
        ? { state: 'satisfied', remarks: `No exception was met in what was tested. ${conclusion}` }
        : { state: 'not-satisfied', reason: 'other', remarks: `An exception was met. ${conclusion}` },
    },
    'related-observations': [{ 'observation-uuid': deriveUuid('observation', observation.id) }],
  };
}

const conclusion = "The conclusion is the assessor's.";

/** The objectives that each finding is an exception of. */
type Related = ReadonlyMap<string, readonly Objective[]>;

function relateFindings(objectives: readonly Objective[]): Related {
  const related = new Map<string, Objective[]>();
  for (const objective of objectives) {
    for (const finding of new Set(objective.observation.findings)) {
      const known = related.get(finding);
      if (known === undefined) related.set(finding, [objective]);
      else known.push(objective);
    }
  }
  return related;
}

function renderException(
  { id, rule, description, subject, severity, count, standing }: ExceptionLine,
  relations: Related,
): JsonValue {
  const related = relations.get(id) ?? [];
  const observations = new Set(related.map(({ observation }) => deriveUuid('observation', observation.id)));
  return {
    uuid: deriveUuid('finding', id),
    title: oneLine(`${rule}: ${subject}`),
    description: oneLine(description),
    props: [
      property('kind', 'exception'),
      property('id', id),
      property('severity', severity),
      property('events', String(count)),
      property('standing', standing),
      ...[...new Set(related.map(({ control }) => control))].map((control) => property('control', control)),
    ],
    target: {
      type: 'objective-id',
      'target-id': related[0]?.id ?? 'unmapped',
      status: { state: 'not-satisfied', reason: 'other', remarks: `An exception was met. ${conclusion}` },
    },
    'related-observations': [deriveUuid('exception', id), ...observations].map((uuid) => ({
      'observation-uuid': uuid,
    })),
    'related-risks': [{ 'risk-uuid': deriveUuid('risk', id) }],
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

/** An id in the only form that OSCAL allows. */
function token(text: string): string {
  const safe = text.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
  return /^[\p{L}_]/u.test(safe) ? safe : `_${safe}`;
}

/** Derives a UUID in version 5's form from a digest over its names. */
function deriveUuid(...names: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['keyturn', ...names]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
