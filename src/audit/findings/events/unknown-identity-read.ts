import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Reads by a program's identity that the policy does not list, whatever the read says of itself. A policy without
 * identities is no criterion. Microsoft's own applications and persons have rules of their own.
 */
export const unknownIdentityRead: FindingRuleFactory = ({ policyAt, attribution: { platformApplications } }) => {
  const tally = createFindingTally('unknown-identity-read');
  return {
    see(retrieval, attribution) {
      const policy = policyAt(retrieval.at);
      if (attribution === null || policy.identities.size === 0 || retrieval.identity.kind !== 'workload') return;
      const { objectId, applicationId } = retrieval.identity;
      if (objectId !== null && policy.identities.has(objectId)) return 'kept';
      if (applicationId !== null && platformApplications.has(applicationId)) return 'kept';
      const subject = callerOf(retrieval);
      const caller = capitalised(callerName(retrieval, policy));
      tally.add({
        subject,
        key: subjectOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${caller}, which the policy does not list, read ${subjectOf(retrieval)} ${counted(count, 'time')}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
