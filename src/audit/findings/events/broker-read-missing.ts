import type { BrokerRead } from '../../../broker/history/broker-history.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Reads of the broker's journal without a row, although all rows of that time have arrived: rows were lost. */
export const brokerReadMissing: FindingRuleFactory = ({ brokered }) => {
  const seen = new Set<string>();
  return {
    see(_retrieval, attribution) {
      if (attribution?.reason === 'broker-journal') for (const reference of attribution.evidence) seen.add(reference);
      return undefined;
    },
    take: () => seen,
    absorb(share: ReadonlySet<string>) {
      for (const reference of share) seen.add(reference);
    },
    findings({ settledTo }) {
      const tally = createFindingTally('broker-read-missing');
      const missing = brokered.reads.filter(
        ({ outcome, at, reference }) => outcome === 'served' && Date.parse(at) < settledTo && !seen.has(reference),
      );
      for (const read of missing) {
        tally.add({
          subject: `${read.vault}/${read.secret}`,
          severity: 'medium',
          at: read.at,
          evidence: read.reference,
          description: ({ count }) =>
            `The broker read ${read.vault}/${read.secret} for jobs ${String(count)} ${count === 1 ? 'time' : 'times'}, and the audit log has no row of it (${whoseOf(read)}).`,
        });
      }
      return tally.findings();
    },
  };
};

function whoseOf({ job }: BrokerRead): string {
  return `first for ${job.repository}`;
}
