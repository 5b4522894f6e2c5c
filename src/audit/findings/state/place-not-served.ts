import { judgePlaces } from '../../criteria/rotation-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Further places that were not given a published value within an hour: what reads there works with the old one. */
export const placeNotServed = createVerdictRule({
  rule: 'place-not-served',
  severity: 'medium',
  judge: (context, { asOf }) => judgePlaces(context, asOf),
  each: 'event',
  describe: ({ subject, at, why }) => `The value of ${subject} was published on ${at}, and ${why}.`,
});
