import type { ObservationResult, ReportModel } from './report-model.ts';

/** One line of `control-tests.ndjson`: what one test came to, and the controls that it is a test of. */
export interface ControlTestRow
  extends Pick<
    ObservationResult,
    | 'id'
    | 'title'
    | 'method'
    | 'criterion'
    | 'population'
    | 'tested'
    | 'unit'
    | 'exceptions'
    | 'rate'
    | 'notTested'
    | 'findings'
  > {
  readonly format: 1;
  /** `soc2/CC6.1`, `iso27001/A.8.3`, … in the order of the report. */
  readonly controls: readonly string[];
}

/** Every test of a report once, by id, even if several controls rest on it. */
export function controlTestRows({ frameworks }: Pick<ReportModel, 'frameworks'>): readonly ControlTestRow[] {
  const rows = new Map<string, { readonly observation: ObservationResult; readonly controls: string[] }>();
  for (const { framework, controls } of frameworks) {
    for (const control of controls) {
      for (const { observation } of control.tests) {
        const row = rows.get(observation.id) ?? { observation, controls: [] };
        row.controls.push(`${framework}/${control.id}`);
        rows.set(observation.id, row);
      }
    }
  }
  return [...rows.values()]
    .map(({ observation, controls }) => toRow(observation, controls))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function toRow(observation: ObservationResult, controls: readonly string[]): ControlTestRow {
  const { id, title, method, criterion, population, tested, unit, exceptions, rate, notTested, findings } = observation;
  const result = { population, tested, unit, exceptions, rate, notTested, findings };
  return { format: 1, id, title, method, criterion, ...result, controls };
}
