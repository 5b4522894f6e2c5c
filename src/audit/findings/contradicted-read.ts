import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Why evidence disagrees, in words. A code that is missing here is printed as it is. */
const disagreements: Readonly<Record<string, string>> = {
  'stamp-by-person': 'a person read it under the stamp of a job',
  'stamp-by-our-identity': "an identity of Keyturn's own read it under the stamp of a job",
  'stamp-by-platform': "an identity of the platform's read it under the stamp of a job",
  'stamp-and-receipt-disagree': 'the stamp names one job, the receipt another',
  'stamp-of-no-job': 'the stamp names a job that Gitea never had',
  'job-was-not-running': 'the job that is named was not running then',
  'identity-never-serves-repository': 'the identity that read it never serves the repository of the job that is named',
  'address-not-of-identity': 'it came from an address that is not one of this identity',
  'receipt-of-another-address': 'it came from another address than the receipt says',
};

/** Reads whose evidence disagrees with itself: somebody forged some of it. */
export const contradictedRead: FindingRuleFactory = () => {
  const tally = createFindingTally('contradicted-read');
  return {
    see(retrieval, attribution) {
      if (attribution?.grade !== 'contradicted') return;
      const subject = subjectOf(retrieval);
      const why = disagreements[attribution.reason] ?? attribution.reason;
      tally.add({
        subject,
        key: `${attribution.reason} ${callerOf(retrieval)}`,
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        says: ({ count }) =>
          `The evidence of ${counted(count, 'read')} of ${subject} by ${callerOf(retrieval)} contradicts itself: ${why}.`,
      });
    },
    findings: () => tally.findings(),
  };
};
