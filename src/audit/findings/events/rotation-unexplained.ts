import { passOver } from '../../attribution/attribute-retrievals.ts';
import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import type { OperationKind } from '../../model/retrieval.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** A value was asked for and not disclosed. */
const refusals: ReadonlySet<OperationKind> = new Set<OperationKind>(['denied', 'not-found', 'failed']);

/** Requests by Keyturn's own identities that it did not make: another party may be using them. */
export const rotationUnexplained: FindingRuleFactory = ({ policyAt, attribution: context }) => {
  const tally = createFindingTally('rotation-unexplained');
  /** A refusal that is one more than Keyturn announced: some read beside it was explained in its place. */
  const seeRefusal: NonNullable<ReturnType<FindingRuleFactory>['see']> = (retrieval) => {
    if (!refusals.has(retrieval.kind) || passOver(retrieval, context) !== 'surplus') return;
    const subject = subjectOf(retrieval);
    tally.add({
      subject,
      key: `${callerOf(retrieval)} refused`,
      severity: 'high',
      at: retrieval.at,
      evidence: retrieval.id,
      description: ({ count }) =>
        `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} asked for ${subject} ${counted(count, 'time')} more than is on record: it was refused, and what Keyturn announced explains a read beside it.`,
    });
    return 'broken';
  };
  return {
    see(retrieval, attribution) {
      if (attribution === null) return seeRefusal(retrieval, attribution);
      if (attribution.grade !== 'rotation-unexplained') return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} read ${subject} ${counted(count, 'time')} without a journal entry.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
