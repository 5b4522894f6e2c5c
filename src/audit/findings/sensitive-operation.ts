import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** What takes a secret out of the vault as a whole, or takes it away. */
const sensitive: ReadonlySet<string> = new Set([
  'SecretBackup',
  'SecretRestore',
  'SecretDelete',
  'SecretPurge',
  'SecretRecover',
]);

/** Backups, restores, deletions, purges and recoveries that were done; each should have a ticket. */
export const sensitiveOperation: FindingRuleFactory = () => {
  const tally = createFindingTally('sensitive-operation');
  return {
    see(retrieval) {
      const { operation, status } = retrieval;
      if (!sensitive.has(operation) || status < 200 || status >= 300) return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: `${operation} ${callerOf(retrieval)}`,
        severity: operation === 'SecretPurge' || operation === 'SecretBackup' ? 'high' : 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        says: ({ count }) => `${callerOf(retrieval)} did ${operation} on ${subject} ${counted(count, 'time')}.`,
      });
    },
    findings: () => tally.findings(),
  };
};
