import type { ReportModel } from '../report/report-model.ts';
import { countText } from '../report/wording.ts';

/** The figures, the matrix and the changes of the first pages, formatted as in the HTML. */
export function firstPageSentences(model: ReportModel): object {
  const { persons, oldValues, hours, strength } = model.figures;
  return {
    strength: strength.map(({ count }) => countText(count)),
    figures: [persons, oldValues, hours].map(({ name, unit, count, of, description }) => ({
      name: `${unit} ${name}`,
      description,
      count: countText(count),
      of: countText(of),
    })),
    matrix: model.matrix.map(({ test, result, controls, ownIds }) => ({
      title: test.title,
      population: `${test.population.name}: ${countText(test.population.count)}`,
      tested: countText(test.tested),
      exceptions: test.tested === 0 ? '–' : countText(test.exceptions),
      rate: test.rate ?? '–',
      result,
      controls: [...controls, ...ownIds].join(', '),
    })),
    changes: changesText(model),
  };
}

function changesText({ previous, changes }: ReportModel): string {
  if (previous === null) return 'The archive has no pack of an earlier period, so nothing is compared.';
  const compared = `Compared with ${previous.pack}, made ${previous.made}`;
  if (changes === null)
    return `${compared}: nothing is compared, because ${previous.why ?? 'its findings cannot be read'}.`;
  const { new: fresh, recurring, fixed, notSeenAgain } = changes;
  return `${countText(fresh)} new, ${countText(recurring)} recurring, ${countText(fixed)} fixed, ${countText(notSeenAgain.total)} not seen again. ${compared}.`;
}
