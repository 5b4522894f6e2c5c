import type { InventoriedSecret } from '../../model/audited-period.ts';
import { dueOf } from '../../model/rotation-due.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Versions that were still the newest after their time: past their own expiry, which Key Vault does not enforce, or older
 * than the policy's validity. A version that was replaced late is an exception with an end.
 */
export const rotationOverdue: FindingRuleFactory = () => {
  const tally = createFindingTally('rotation-overdue');
  const newest = new Map<string, InventoriedSecret>();
  const add = (secret: InventoriedSecret, due: string) => {
    const subject = `${secret.vault}/${secret.secret}`;
    tally.add({
      subject,
      key: secret.version,
      severity: 'high',
      at: due,
      evidence: `${subject}@${secret.version}`,
      description: () => `${subject} was due on ${due} and was not rotated by then: ${whyDue(secret, due)}.`,
    });
  };
  return {
    seeInventory({ at, entries }) {
      const said = new Map<string, 'broken' | 'kept'>();
      for (const secret of entries) {
        const subject = `${secret.vault}/${secret.secret}`;
        const before = newest.get(subject);
        newest.set(subject, secret);
        if (before !== undefined) end(before, secret, at);
        const due = dueOf(secret);
        if (due === null) continue;
        const isOver = secret.enabled && Date.parse(due) <= Date.parse(at);
        if (isOver) add(secret, due);
        said.set(subject, isOver ? 'broken' : 'kept');
      }
      return said;
    },
    findings: () => tally.findings(),
  };

  function end(before: InventoriedSecret, now: InventoriedSecret, at: string): void {
    const subject = `${now.vault}/${now.secret}`;
    if (before.version === now.version) {
      if (before.enabled && !now.enabled)
        tally.end(subject, before.version, { at, by: `${subject}@${now.version} disabled` });
      return;
    }
    const due = dueOf(before);
    // The day between two inventories can hide that it was overdue for some hours.
    if (due !== null && before.enabled && Date.parse(now.created) > Date.parse(due)) add(before, due);
    tally.end(subject, before.version, { at: now.created, by: `${subject}@${now.version}` });
  }
};

function whyDue({ expires, validityDays }: InventoriedSecret, due: string): string {
  const expired = expires !== null && Date.parse(expires) === Date.parse(due);
  return expired ? 'the value expired' : `the policy allows ${String(validityDays)} days`;
}
