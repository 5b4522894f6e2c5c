import { isStaging } from '../../period/population.ts';
import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

const deeds: Readonly<Record<string, string>> = {
  SecretSet: 'set the value of',
  SecretUpdate: 'changed the properties of',
};

/** Values and properties set by anyone but the rotator, or by the rotator without a journal entry. */
export const unexplainedWrite: FindingRuleFactory = ({ policyAt, attribution: { rotations } }) => {
  const tally = createFindingTally('unexplained-write');
  return {
    see(retrieval) {
      const { kind, operation, identity } = retrieval;
      const deed = kind === 'write' ? deeds[operation] : undefined;
      if (deed === undefined) return;
      const policy = policyAt(retrieval.at);
      const role = identity.objectId === null ? undefined : policy.identities.get(identity.objectId)?.role;
      if (role === 'rotator' && rotations.explain(retrieval) !== null) return 'kept';
      const subject = subjectOf(retrieval);
      // A value that waits under a staging name may come to be published under the name that it waits for.
      const isOurs = policy.secrets.has(subject) || isStaging(retrieval) || role === 'rotator';
      const caller = capitalised(callerName(retrieval, policy));
      tally.add({
        subject,
        key: `${callerOf(retrieval)} ${operation}`,
        // Only Keyturn should set a secret that the policy binds; others belong to their owners.
        severity: isOurs ? 'high' : 'information',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          role === 'rotator'
            ? `${caller} ${deed} ${subject} ${counted(count, 'time')} without a journal entry.`
            : `${caller} ${deed} ${subject} ${counted(count, 'time')} outside any rotation.`,
      });
      // A secret that the policy does not bind belongs to its owner, so the write is told and not held against Keyturn.
      return isOurs ? 'broken' : undefined;
    },
    ...tally.observer,
  };
};
