import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Requests by an identity of the policy that the firewall of a vault refused: its token may be in other hands. */
export const refusedOutside: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('refused-outside');
  return {
    see(retrieval) {
      const { kind, denial, identity, at } = retrieval;
      if (kind !== 'denied' || denial !== 'firewall') return;
      const policy = policyAt(at);
      if (identity.objectId === null || !policy.identities.has(identity.objectId)) return 'kept';
      const caller = capitalised(callerName(retrieval, policy));
      tally.add({
        subject: callerOf(retrieval),
        severity: 'high',
        at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${caller} asked ${counted(count, 'time')} from an address that the firewall of a vault refuses, first for ${subjectOf(retrieval)}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
