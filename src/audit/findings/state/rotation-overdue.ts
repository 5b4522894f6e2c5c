import type { InventoriedSecret } from '../../model/audited-period.ts';
import { dueOf } from '../../model/rotation-due.ts';
import { collectValueSets, trackRotationsDue, type ValueSets } from '../../period/rotations-due.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Versions that were still the newest after their time: past their own expiry, which Key Vault does not enforce, or older
 * than the policy's validity. A version that was replaced late is an exception with an end, whoever replaced it: a value
 * that a person set by hand between two inventories is seen by its row.
 */
export const rotationOverdue: FindingRuleFactory = () => {
  const dues = trackRotationsDue();
  const sets = collectValueSets();
  return {
    seeInventory(snapshot) {
      const { at, entries } = snapshot;
      dues.see(snapshot);
      const said = new Map<string, 'broken' | 'kept'>();
      for (const secret of entries) {
        const due = dueOf(secret);
        if (due === null) continue;
        const isOver = secret.enabled && Date.parse(due) <= Date.parse(at);
        said.set(`${secret.vault}/${secret.secret}`, isOver ? 'broken' : 'kept');
      }
      return said;
    },
    see(retrieval) {
      sets.see(retrieval);
      return undefined;
    },
    take: () => sets.take(),
    absorb(share: ValueSets) {
      sets.absorb(share);
    },
    findings() {
      const tally = createFindingTally('rotation-overdue');
      for (const { subject, version, due, isLate, secret, ended } of dues.all(sets.take())) {
        if (!isLate) continue;
        const description = () => `${subject} was due on ${due} and was not rotated by then: ${whyDue(secret, due)}.`;
        const evidence = `${subject}@${version}`;
        tally.add({ subject, key: version, severity: 'high', at: due, evidence, description });
        if (ended !== null) tally.end(subject, version, ended);
      }
      return tally.findings();
    },
  };
};

function whyDue({ expires, validityDays }: InventoriedSecret, due: string): string {
  const expired = expires !== null && Date.parse(expires) === Date.parse(due);
  return expired ? 'the value expired' : `the policy allows ${String(validityDays)} days`;
}
