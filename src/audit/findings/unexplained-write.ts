import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Values and properties that were set by somebody else than the rotator, or by the rotator with no journal entry for it. */
export const unexplainedWrite: FindingRuleFactory = ({ policy, attribution: { rotations } }) => {
  const tally = createFindingTally('unexplained-write');
  return {
    see(retrieval) {
      const { kind, operation, identity } = retrieval;
      if (kind !== 'write' || (operation !== 'SecretSet' && operation !== 'SecretUpdate')) return;
      const role = identity.objectId === null ? undefined : policy.identities.get(identity.objectId)?.role;
      if (role === 'rotator' && rotations.explain(retrieval) !== null) return;
      const subject = subjectOf(retrieval);
      const bound = policy.secrets.has(subject);
      tally.add({
        subject,
        key: `${callerOf(retrieval)} ${operation}`,
        // A secret that the policy binds is Keyturn's to set; others belong to their owners.
        severity: role === 'rotator' || bound ? 'high' : 'information',
        at: retrieval.at,
        evidence: retrieval.id,
        says: ({ count }) =>
          role === 'rotator'
            ? `Keyturn's rotator changed ${subject} ${counted(count, 'time')} (${operation}) with no journal entry for it.`
            : `${callerOf(retrieval)} changed ${subject} ${counted(count, 'time')} (${operation}) outside of any rotation.`,
      });
    },
    findings: () => tally.findings(),
  };
};
