import { gradeGroups } from '../../audit/model/attribution.ts';
import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Control, ControlCatalogue, Observation } from './control-catalogue.ts';
import type { ControlResult, FrameworkSection, GradeGroup, ObservationResult } from './report-model.ts';
import type { RetrievalTally } from './retrieval-tally.ts';
import { counted, countText } from './wording.ts';

interface Material {
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
  readonly tally: RetrievalTally;
}

interface Measure {
  readonly tested: number;
  readonly unit: string;
  /** Exceptions counted directly; defaults to the findings of the observation's rules. */
  readonly exceptions?: number;
  readonly notTested?: string | null;
}

const group = (tally: RetrievalTally, name: GradeGroup): number =>
  gradeGroups[name].reduce((sum, grade) => sum + (tally.byGrade.get(grade) ?? 0), 0);
const noReads = 'no value was disclosed in the period';
const unlessAny = (count: number, why: string): string | null => (count === 0 ? why : null);

/** Why the end of an old value cannot be tested yet. */
const notEndedYet = {
  'in-grace': 'still in grace',
  'in-force-again': 'in force again after a roll-back',
} as const;

/** Measures each observation. A test compares these names with `templates/controls/observations.json`. */
export const measures: Readonly<Record<string, (material: Material) => Measure>> = {
  'reads-accounted': ({ tally }) => ({
    tested: tally.total,
    unit: 'read',
    exceptions: group(tally, 'not tied') + group(tally, 'suspicious'),
    notTested: unlessAny(tally.total, noReads),
  }),
  'reads-inside-namespace': ({ tally }) => {
    const tied = group(tally, 'tied to a job');
    const loose = tally.total - tied - group(tally, 'explained otherwise');
    const why = loose === 0 ? null : `${counted(loose, 'read')} tied to no job cannot be held against a namespace`;
    return { tested: tied, unit: 'read', notTested: unlessAny(tied, 'no read is tied to a job') ?? why };
  },
  'reads-by-persons': ({ tally }) => ({
    tested: tally.total,
    unit: 'read',
    exceptions: tally.byGrade.get('person') ?? 0,
    notTested: unlessAny(tally.total, noReads),
  }),
  'receipts-reconcile': ({ audited: { receipts } }) => ({
    tested: receipts.posted + receipts.logged,
    unit: 'receipt',
    notTested: unlessAny(receipts.posted + receipts.logged, 'no receipts were collected'),
  }),
  'staging-untouched': ({ audited }) => ({
    tested: audited.rowsRead,
    unit: 'row',
    notTested: unlessAny(audited.rowsRead, 'no rows were read'),
  }),
  // The audit never receives a value, so it cannot search for one.
  'values-kept-out-of-logs': () => ({
    tested: 0,
    unit: 'row',
    notTested: 'the audit never receives a value, so it cannot search the log for one',
  }),
  'expiry-set': ({ audited: { inventory } }) => ({
    tested: inventory.length,
    unit: 'secret',
    notTested: unlessAny(inventory.length, 'no inventory was taken'),
  }),
  'rotation-on-time': ({ audited: { inventory } }) => {
    const bound = inventory.filter((entry) => entry.issuer !== null).length;
    const unbound = inventory.length - bound;
    const why = unbound === 0 ? null : `${counted(unbound, 'secret')} without a binding in the policy`;
    return { tested: bound, unit: 'secret', notTested: unlessAny(bound, 'the policy binds no secret') ?? why };
  },
  'old-values-end': ({ rotations }) => {
    const published = rotations.filter((rotation) => rotation.publishedAt !== null);
    const standing = (['in-grace', 'in-force-again'] as const).map((oldValue) => ({
      count: published.filter((rotation) => rotation.oldValue === oldValue).length,
      why: notEndedYet[oldValue],
    }));
    const why = standing.flatMap((one) => (one.count === 0 ? [] : [`${counted(one.count, 'old value')} ${one.why}`]));
    return {
      tested: published.length - standing.reduce((sum, { count }) => sum + count, 0),
      unit: 'rotation',
      notTested: unlessAny(published.length, 'no rotation was published in the period') ?? (why.join('; ') || null),
    };
  },
  'changes-explained': ({ rotations, audited }) => ({
    tested: rotations.length + audited.inventory.length,
    unit: 'rotation and secret',
    notTested: unlessAny(rotations.length + audited.inventory.length, 'no rotation ran and no inventory was taken'),
  }),
  'approvals-given': ({ rotations }) => {
    const approvals = rotations.flatMap((rotation) => rotation.approvals);
    return {
      tested: approvals.length,
      unit: 'approval',
      exceptions: approvals.filter((approval) => approval.breakGlass).length,
      notTested: unlessAny(approvals.length, 'no rotation was approved in the period'),
    };
  },
  'secrets-in-use': ({ audited: { inventory } }) => ({
    tested: inventory.length,
    unit: 'secret',
    notTested: unlessAny(inventory.length, 'no inventory was taken'),
  }),
  'denials-watched': ({ audited }) => ({
    tested: audited.rowsRead,
    unit: 'row',
    notTested: unlessAny(audited.rowsRead, 'no rows were read'),
  }),
  'log-complete': ({ audited: { coverage } }) => {
    const unread = coverage.filter((hour) => hour.state === 'not-read').length;
    return {
      tested: coverage.length - unread,
      unit: 'hour',
      exceptions: coverage.filter((hour) => hour.state === 'gap').length,
      notTested:
        unlessAny(coverage.length, 'no hour was recorded') ??
        (unread === 0 ? null : `${counted(unread, 'hour')} not read`),
    };
  },
  'rows-understood': ({ audited }) => ({
    tested: audited.rowsRead,
    unit: 'row',
    notTested: unlessAny(audited.rowsRead, 'no rows were read'),
  }),
  'totals-agree': ({ audited: { queries } }) => {
    const held = queries.filter((query) => query.controlTotal !== null);
    const without = queries.length - held.length;
    return {
      tested: held.length,
      unit: 'query',
      exceptions: held.filter((query) => query.controlTotal !== query.rows).length,
      notTested:
        unlessAny(held.length, 'no query has a control total') ??
        (without === 0 ? null : `${counted(without, 'query', 'queries')} without a control total`),
    };
  },
  'evidence-hashed': ({ audited: { slices } }) => ({
    tested: slices.length,
    unit: 'slice',
    exceptions: slices.filter((slice) => !/^[0-9a-f]{64}$/.test(slice.sha256)).length,
    notTested: unlessAny(slices.length, 'no slice was collected'),
  }),
};

/**
 * Tests the period against each control of the catalogue. The result states what was tested and found, and never more.
 */
export function observeControls(catalogue: ControlCatalogue, material: Material): readonly FrameworkSection[] {
  const results = new Map(catalogue.observations.map((one) => [one.id, observe(one, material)]));
  return catalogue.frameworks.map(({ framework, title, note, controls }) => ({
    framework,
    title,
    note,
    controls: controls.map((control) => controlResult(control, results)),
  }));
}

function observe({ id, title, method, rules }: Observation, material: Material): ObservationResult {
  const measure = measures[id];
  if (measure === undefined) throw new TypeError(`Nothing measures the observation ${id}.`);
  const findings = material.audited.findings
    .filter((finding) => rules.includes(finding.rule))
    .map((finding) => finding.id);
  const { tested, unit, exceptions: direct, notTested = null } = measure(material);
  const exceptions = Math.max(direct ?? 0, findings.length);
  return {
    id,
    title,
    method,
    tested,
    unit,
    exceptions,
    findings,
    notTested,
    statement: composeStatement(tested, unit, exceptions, notTested),
  };
}

const irregularPlurals: ReadonlyMap<string, string> = new Map([
  ['query', 'queries'],
  ['rotation and secret', 'rotations and secrets'],
]);

function composeStatement(tested: number, unit: string, exceptions: number, notTested: string | null): string {
  const plural = irregularPlurals.get(unit) ?? `${unit}s`;
  if (tested === 0 && exceptions === 0) return `Not tested: ${notTested ?? 'nothing to test'}.`;
  const rest = notTested === null ? '' : ` Not tested: ${notTested}.`;
  return `Tested ${counted(tested, unit, plural)}; exceptions: ${exceptions === 0 ? 'none' : countText(exceptions)}.${rest}`;
}

function controlResult(
  { id, description, tests, notTested }: Control,
  results: ReadonlyMap<string, ObservationResult>,
): ControlResult {
  const observed = tests.flatMap(({ observation, why }) => {
    const result = results.get(observation.id);
    return result === undefined ? [] : [{ why, procedure: observation.procedure, observation: result }];
  });
  const exceptions = observed.reduce((sum, { observation }) => sum + observation.exceptions, 0);
  const tested = observed.filter(({ observation }) => observation.tested > 0).length;
  const untested =
    notTested ?? observed.map(({ observation }) => observation.notTested).find((why) => why !== null) ?? null;
  const statement =
    tested === 0
      ? `Not tested: ${untested ?? 'nothing to test'}${untested?.endsWith('.') === true ? '' : '.'}`
      : `${tested === observed.length ? counted(tested, 'test') : `${String(tested)} of ${counted(observed.length, 'test')}`} done; exceptions: ${exceptions === 0 ? 'none' : countText(exceptions)}.`;
  return { id, description, tests: observed, exceptions, notTested: untested, statement };
}
