import { jobName } from '../model/job-name.ts';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import { answeredAt } from '../attribution/receipt-index.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { createFindingTally } from './finding-tally.ts';

/**
 * Receipts that were used twice: printed by another job than their own, or claimed by several jobs. The finding is
 * about the copier; the original row keeps its grade.
 */
export const duplicateReceipt: FindingRuleFactory = ({ attribution: { jobs, receipts }, period }) => {
  const tally = createFindingTally('duplicate-receipt');
  const owners = new Map<string, string | null>();
  const contested = new Map(receipts.contested().map(({ correlationId, claims }) => [correlationId, claims]));
  const name = (numbers: Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'>) => {
    const job = jobs.find(numbers);
    return job === null ? `job ${String(numbers.jobId)}.${String(numbers.attempt)}` : jobName(job);
  };
  return {
    see({ correlationId }, attribution) {
      if (correlationId === null || attribution === null || !contested.has(correlationId)) return;
      owners.set(correlationId, attribution.job === null ? null : jobName(attribution.job));
    },
    findings() {
      for (const { receipt, log, reference } of receipts.copied) {
        const at = answeredAt(receipt);
        if (log === null || at < period.from.getTime() || at >= period.to.getTime()) continue;
        const [copier, owner] = [name(log), name(receipt.job)];
        tally.add({
          subject: copier,
          key: owner,
          severity: 'high',
          at: new Date(at).toISOString(),
          evidence: reference,
          description: () =>
            `The log of ${copier} contains a receipt of ${owner}: somebody copied it to claim that job's read.`,
        });
      }
      for (const [correlationId, owner] of owners) {
        for (const { receipt, reference } of contested.get(correlationId) ?? []) {
          const claimant = name(receipt.job);
          if (claimant === owner) continue;
          tally.add({
            subject: claimant,
            key: correlationId,
            severity: 'high',
            at: new Date(answeredAt(receipt)).toISOString(),
            evidence: reference,
            description: () =>
              `${claimant} claims a read that ${owner ?? 'another job'} also claims (request ${correlationId}); one of the receipts is forged.`,
          });
        }
      }
      return tally.findings();
    },
  };
};
