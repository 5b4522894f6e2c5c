import type { JobNumbers } from '../../../provenance/job-numbers.ts';
import type { Receipt } from '../../../provenance/receipt.ts';
import { isContested } from '../../attribution/receipt-index.ts';
import type { Attribution } from '../../model/attribution.ts';
import { jobName } from '../../model/job-name.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Receipts that were used twice, or that differ from another one of their read. One printed by another job than its own is a finding about the copier. A read that
 * receipts of several jobs claim is a finding about the read, because the row's stamp, which may tell whose it is, is only
 * a claim of the reader.
 */
export const duplicateReceipt: FindingRuleFactory = ({ attribution: { jobs, receipts } }) => {
  const tally = createFindingTally('duplicate-receipt');
  const name = (numbers: Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'>) => {
    const job = jobs.find(numbers);
    return job === null ? `job ${String(numbers.jobId)}.${String(numbers.attempt)}` : jobName(job);
  };
  const addUnread = (receipt: Receipt, reference: string, at: number): void => {
    const subject = name(receipt.job);
    tally.add({
      subject,
      key: 'without a read',
      severity: 'high',
      at: new Date(at).toISOString(),
      evidence: reference,
      description: ({ count }) =>
        `${counted(count, 'receipt')} of ${subject} and others that differ claim the same request, and the log shows no read for it.`,
    });
  };
  return {
    see(retrieval, attribution) {
      if (attribution === null || retrieval.correlationId === null) return;
      const claims = receipts.claims(retrieval.correlationId);
      if (!isContested(claims)) return;
      const claimants = [...new Set(claims.map(({ receipt }) => name(receipt.job)))].sort();
      const owner = ownerOf(attribution);
      const others = claimants.filter((claimant) => claimant !== owner);
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: claimants.join('\n'),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: () => {
          if (claimants.length === 1)
            return `Receipts of ${claimants.join()} that differ claim one read of ${subject}: its helper writes one.`;
          return owner === null
            ? `Receipts of ${claimants.join(' and ')} claim the same read of ${subject}: at least one of them is forged.`
            : `A receipt of ${others.join(' and ')} claims a read of ${subject} that is tied to ${owner}: it is forged.`;
        },
      });
      return 'broken';
    },
    receipt({ receipt, log, reference, at, isCopy, isContested: isDisputed, matched }) {
      // A read that several receipts claim is told of by its row, if there is one.
      if (isDisputed && !isCopy && matched !== true) addUnread(receipt, reference, at);
      if (log === null || !isCopy) return;
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
    },
    ...tally.observer,
  };
};

/** The job of a tied row; a claim that nothing confirms names no owner. */
function ownerOf({ grade, job }: Attribution): string | null {
  return job === null || grade === 'claimed' ? null : jobName(job);
}
