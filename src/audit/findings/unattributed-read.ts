import { attributionReasons } from '../model/attribution-reasons.ts';
import { callerName } from './finding-caller.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Reads that cannot be tied to a job, one finding per caller and reason. */
export const unattributedRead: FindingRuleFactory = ({ policy }) => {
  const tally = createFindingTally('unattributed-read');
  return {
    see(retrieval, attribution) {
      if (attribution?.grade !== 'unattributed') return;
      const subject = callerOf(retrieval);
      const caller = callerName(retrieval, policy);
      const why = attributionReasons[attribution.reason] ?? attribution.reason;
      tally.add({
        subject,
        key: attribution.reason,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) => `${counted(count, 'read')} by ${caller} could not be tied to a job: ${why}.`,
      });
    },
    findings: () => tally.findings(),
  };
};
