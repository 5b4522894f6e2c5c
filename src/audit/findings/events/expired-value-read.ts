import { callerName } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads of a version after its expiry: Key Vault still serves it. The inventories of the period say when it expired. */
export const expiredValueRead: FindingRuleFactory = ({ secrets, policyAt }) => {
  const tally = createFindingTally('expired-value-read');
  return {
    see(retrieval, attribution) {
      const { version, at } = retrieval;
      // Keyturn reads an old version to show that it is dead.
      if (attribution === null || attribution.grade === 'rotation' || version === null) return;
      const subject = subjectOf(retrieval);
      const expires = secrets.expiryOf(subject, version, at);
      if (expires === undefined) return;
      if (expires === null || Date.parse(at) < Date.parse(expires)) return 'kept';
      tally.add({
        subject,
        key: `${version} ${callerOf(retrieval)}`,
        severity: 'high',
        at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${counted(count, 'read')} of ${subject} by ${callerName(retrieval, policyAt(at))} after the value expired on ${expires}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
