import { explainNoSecondPerson } from '../../provenance/person.ts';
import type { RotationHistory } from './rotation-history.ts';

/**
 * Why an approval is not that of a second person; `null` if it is. The first person is everybody who had asked for the rotation,
 * asked again or rolled it back by then.
 */
export function explainApproval(
  { asks, askedBy }: Pick<RotationHistory, 'asks' | 'askedBy'>,
  { by, at }: Pick<RotationHistory['approvals'][number], 'by' | 'at'>,
): string | null {
  const askers = asks.filter((ask) => Date.parse(ask.at) <= Date.parse(at)).map((ask) => ask.by);
  for (const asker of [askedBy, ...askers]) {
    const why = explainNoSecondPerson(by, asker);
    if (why !== null) return why;
  }
  return null;
}
