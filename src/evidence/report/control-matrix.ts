import type { FrameworkSection, MatrixLine, ObservationResult } from './report-model.ts';

const order = ['exception', 'not tested', 'no exception'] as const satisfies readonly MatrixLine['result'][];

/** Every test once, with all controls that rest on it: exceptions first, then what was not tested. */
export function controlMatrix(frameworks: readonly FrameworkSection[]): readonly MatrixLine[] {
  const lines = new Map<string, { test: ObservationResult; controls: string[]; ownIds: string[] }>();
  for (const { framework, controls } of frameworks) {
    for (const { id, ownIds, tests } of controls) {
      for (const { observation } of tests) {
        const line = lines.get(observation.id) ?? { test: observation, controls: [], ownIds: [] };
        lines.set(observation.id, line);
        if (framework !== 'own') line.controls.push(id);
        line.ownIds.push(...ownIds.filter((own) => !line.ownIds.includes(own)));
      }
    }
  }
  return [...lines.values()]
    .map((line) => ({ ...line, result: resultOf(line.test) }))
    .sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result) || b.test.exceptions - a.test.exceptions);
}

function resultOf({ tested, exceptions }: ObservationResult): MatrixLine['result'] {
  if (tested === 0) return 'not tested';
  return exceptions > 0 ? 'exception' : 'no exception';
}
