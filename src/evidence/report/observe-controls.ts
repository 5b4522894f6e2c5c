import type { AuditedPeriod, UnseenPart } from '../../audit/model/audited-period.ts';
import type { TestOutcome } from '../tests/control-test.ts';
import type { TestOutcomes } from '../tests/run-control-tests.ts';
import type { Control, ControlCatalogue, Observation } from './control-catalogue.ts';
import type { ControlResult, FrameworkSection, ObservationResult } from './report-model.ts';
import { counted, countText, plainTimes, secondText, shareText } from './wording.ts';

interface Material {
  readonly audited: AuditedPeriod;
  readonly outcomes: TestOutcomes;
  /** The paths of the files in the pack. */
  readonly paths: readonly string[];
}

/** Tests that rest on looks at Azure's own settings, and the parts without which they are not tested, or not wholly. */
const restOn: Readonly<Record<string, readonly UnseenPart['about'][]>> = {
  'grants-reviewed': ['grants', 'changes', 'looks'],
  'log-sent': ['settings', 'changes', 'vaults', 'looks'],
  'log-kept': ['tables', 'looks'],
  'log-complete': ['metric'],
  'setup-unchanged': ['setup', 'looks'],
  'vaults-shielded': ['setup', 'looks'],
  'deletion-recoverable': ['setup', 'looks'],
};

/**
 * Tests the period against each control of the catalogue. The result states what was tested and found, and never more.
 */
export function observeControls(catalogue: ControlCatalogue, material: Material): readonly FrameworkSection[] {
  const results = new Map(catalogue.observations.map((one) => [one.id, observe(one, material)]));
  return catalogue.frameworks.map(({ framework, title, note, controls, leftOut }) => ({
    framework,
    title,
    note,
    leftOut,
    controls: controls.map((control) => controlResult(control, results)),
  }));
}

function observe(observation: Observation, { audited, outcomes, paths }: Material): ObservationResult {
  const { id, title, method, frequency, procedure, rules, criterion, population } = observation;
  const outcome = outcomes.get(id);
  if (outcome === undefined) throw new TypeError(`Nothing runs the test ${id}.`);
  const { tested, deviations, shown } = outcome;
  const parts = restOn[id] ?? [];
  const notSeen = audited.access.notSeen.flatMap(({ about, says }) => (parts.includes(about) ? [says] : []));
  const notTested = explainUntested(observation, outcome, notSeen);
  return {
    id,
    title,
    method,
    frequency,
    procedure,
    criterion,
    population: {
      name: population.name,
      count: outcome.population,
      file: partNames(population.file, paths),
      counted: population.counted ?? null,
    },
    tested,
    unit: population.unit,
    exceptions: deviations,
    rate: tested === 0 ? null : shareText(deviations, tested),
    deviations: shown.map(({ event, at, subject, why }) => ({
      event,
      at: secondText(at),
      subject,
      why: plainTimes(why),
    })),
    findings: audited.findings.filter((finding) => rules.includes(finding.rule)).map((finding) => finding.id),
    notTested,
    statement: composeStatement(observation, outcome, notTested),
  };
}

/** `12 reads tied to no job; 3 reads of …`; `null` if everything was tested. */
function explainUntested(
  { population }: Observation,
  { untested, population: count }: TestOutcome,
  notSeen: readonly string[],
): string | null {
  if (count === 0) return notSeen.length > 0 ? notSeen.join('; ') : `there are no ${population.name}`;
  const reasons = [...untested.map((one) => `${unitsOf(population, one.count)} ${one.why}`), ...notSeen];
  return reasons.length === 0 ? null : reasons.join('; ');
}

function composeStatement({ population }: Observation, outcome: TestOutcome, notTested: string | null): string {
  const { tested, deviations } = outcome;
  if (tested === 0) return `Not tested: ${notTested ?? 'nothing to test'}.`;
  const of = tested === outcome.population ? '' : ` of ${countText(outcome.population)}`;
  const found = deviations === 0 ? 'none' : `${countText(deviations)} (${shareText(deviations, tested)})`;
  const rest = notTested === null ? '' : ` Not tested: ${notTested}.`;
  return `Tested ${unitsOf(population, tested)}${of}; exceptions: ${found}.${rest}`;
}

function unitsOf({ unit, units }: Observation['population'], count: number): string {
  return units === undefined ? counted(count, unit) : counted(count, unit, units);
}

/** The files of the pack that hold rows of this name: `reads.ndjson`, or the first and the last part. */
export function partNames(name: string, paths: readonly string[]): string {
  const pattern = new RegExp(`^${name}(-\\d+)?\\.(ndjson|csv)(\\.gz)?$`);
  const found = paths.filter((path) => pattern.test(path)).sort();
  const lines = found.filter((path) => path.includes('.ndjson'));
  const parts = lines.length > 0 ? lines : found;
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return `${name}.ndjson`;
  return first === last ? first : `${first} to ${last}`;
}

function controlResult(
  { tests, notTested, frequency, ...control }: Control,
  results: ReadonlyMap<string, ObservationResult>,
): ControlResult {
  const observed = tests.flatMap(({ observation, why }) => {
    const result = results.get(observation.id);
    return result === undefined ? [] : [{ why, observation: result }];
  });
  const exceptions = observed.reduce((sum, { observation }) => sum + observation.exceptions, 0);
  const tested = observed.filter(({ observation }) => observation.tested > 0).length;
  const untested =
    notTested ?? observed.map(({ observation }) => observation.notTested).find((why) => why !== null) ?? null;
  const statement =
    tested === 0
      ? `Not tested: ${untested ?? 'nothing to test'}${untested?.endsWith('.') === true ? '' : '.'}`
      : `${tested === observed.length ? counted(tested, 'test') : `${String(tested)} of ${counted(observed.length, 'test')}`} done; exceptions: ${exceptions === 0 ? 'none' : countText(exceptions)}.`;
  const often = [...new Set(observed.map(({ observation }) => observation.frequency))].join(', ');
  return {
    ...control,
    frequency: frequency ?? (often === '' ? 'not by Keyturn' : often),
    tests: observed,
    exceptions,
    notTested: untested,
    statement,
  };
}
