import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Operations that export a whole secret or remove it. */
const deeds: ReadonlyMap<string, string> = new Map(
  Object.entries({
    SecretBackup: 'backed up',
    SecretRestore: 'restored',
    SecretDelete: 'deleted',
    SecretPurge: 'purged',
    SecretRecover: 'recovered',
  }),
);

/** Successful backups, restores, deletions, purges and recoveries; each should have a ticket. */
export const sensitiveOperation: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('sensitive-operation');
  return {
    see(retrieval) {
      const { operation, status } = retrieval;
      const deed = deeds.get(operation);
      if (deed === undefined || status < 200 || status >= 300) return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: `${operation} ${callerOf(retrieval)}`,
        severity: operation === 'SecretPurge' || operation === 'SecretBackup' ? 'high' : 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} ${deed} ${subject} ${counted(count, 'time')}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
